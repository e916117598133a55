"""Layers that JAX has no word for, as programs for it have them."""

_LAYER_NORM = '''
def layer_norm(x, scale, shift):
    """The last axis less its mean and divided by its spread, scaled and shifted."""
    mean, variance = x.mean(axis=-1, keepdims=True), x.var(axis=-1, keepdims=True)
    return (x - mean) * jax.lax.rsqrt(variance + 1e-5) * scale + shift
'''
_LSTM = '''
def lstm(x, input, hidden, bias=0):
    """The states of a long short-term memory along its steps (Hochreiter and Schmidhuber 1997)."""

    def advance(before, step):
        state, cell = before
        i, f, g, o = jnp.split(step + state @ hidden, 4, axis=-1)
        cell = jax.nn.sigmoid(f) * cell + jax.nn.sigmoid(i) * jnp.tanh(g)
        state = jax.nn.sigmoid(o) * jnp.tanh(cell)
        return (state, cell), state

    start = jnp.zeros((len(x), len(hidden)), x.dtype)
    steps = jnp.moveaxis(x @ input + bias, 1, 0)
    return jnp.moveaxis(jax.lax.scan(advance, (start, start), steps)[1], 0, 1)
'''
_GRU = '''
def gru(x, input, hidden, bias=0, hidden_bias=0):
    """The states of gated recurrent units along their steps (Cho et al. 2014)."""

    def advance(state, step):
        a, b = jnp.split(step, 3, axis=-1), jnp.split(state @ hidden + hidden_bias, 3, axis=-1)
        reset, update = jax.nn.sigmoid(a[0] + b[0]), jax.nn.sigmoid(a[1] + b[1])
        state = update * state + (1 - update) * jnp.tanh(a[2] + reset * b[2])
        return state, state

    start = jnp.zeros((len(x), len(hidden)), x.dtype)
    steps = jnp.moveaxis(x @ input + bias, 1, 0)
    return jnp.moveaxis(jax.lax.scan(advance, start, steps)[1], 0, 1)
'''
_DROPOUT = '''
def dropout(x, share, running, place, training):
    """In training each number 0 with a probability, the others larger (Srivastava et al. 2014):
    in one step the same ones again."""
    if not training:
        return x
    key = jax.random.fold_in(running["key"], place)
    return jnp.where(jax.random.bernoulli(key, 1 - share, x.shape), x / (1 - share), 0)
'''
_CONV = '''
def conv(x, weight, stride=1, padding="SAME", **more):
    """A convolution whose channels come last, as XLA has them."""
    space = "DHW"[5 - x.ndim :]
    more["dimension_numbers"] = (f"N{space}C", f"{space}IO", f"N{space}C")
    return jax.lax.conv_general_dilated(x, weight, [stride] * len(space), padding, **more)
'''
_BY_NAME = """
def convRANKd(w, name, x):
    \"\"\"A convolution, as large as what it is of; channels come last, as XLA has them.\"\"\"
    axes = ("NSC", "SIO", "NSC")
    weight, bias = w[f"{name}.weight"], w[f"{name}.bias"]
    return bias + jax.lax.conv_general_dilated(x, weight, ONES, "SAME", dimension_numbers=axes)
"""


def _by_name(rank: int) -> str:
    """That of arrays with so many dimensions of space."""
    text = _BY_NAME.strip().replace("ONES", str((1,) * rank)).replace("RANK", str(rank))
    return text.replace("SC", "DHW"[3 - rank :] + "C").replace("SIO", "DHW"[3 - rank :] + "IO")


LAYERS = {
    **{f"conv{rank}d": _by_name(rank) for rank in (1, 2, 3)},
    "conv": _CONV.strip(),
    "conv_transpose": _CONV.strip(),
    "dropout": _DROPOUT.strip(),
    "layer_norm": _LAYER_NORM.strip(),
    "lstm": _LSTM.strip(),
    "gru": _GRU.strip(),
}
