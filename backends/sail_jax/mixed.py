"""Mixed precision for JAX: weights and questions are cast where a model is called."""

from __future__ import annotations

from sailc.emit.mixed import NARROW, NUMERICAL, WIDE, Mixing
from sailc.emit.numpy_rows.shared import classes
from sailc.emit.numpy_rows.texts import shared

_WRAPPER = '''
def mixed(model):
    """A model in mixed precision: it computes in bfloat16, of weights and with answers in
    float32."""

    def cast(values, kind):
        return jax.tree.map(
            lambda x: x.astype(kind) if jnp.issubdtype(x.dtype, jnp.floating) else x, values
        )

    def answer(w, questionMODES):
        w, question = cast((w, question), jnp.bfloat16)
        return cast(model(w, questionMODES), jnp.float32)

    return answer
'''.strip()

# Autocast of PyTorch takes the same in single precision.
_NARROWED = frozenset(
    [
        *("softmax", "softplus", "layer_norm", "batch_norm", "cumsum", "std", "variance", "norm"),
        *("exp", "log", "log2", "log10", "log1p", "power", "cross_entropy", "bce"),
    ]
)

_SOFTMAX = "jax.nn.softmax(scores.astype(jnp.float32), axis=-1).astype(x.dtype)"

MIXING = Mixing(
    _WRAPPER,
    _WRAPPER,
    NUMERICAL | _NARROWED | {"mean_cross_entropy", "mean_bce", "mean_squared_error"},
    {
        WIDE: "a.astype(jnp.float32)",
        NARROW: "a.astype(jnp.bfloat16)",
        "one_hot": lambda op: f"jax.nn.one_hot(a, {classes(op)}, dtype=jnp.bfloat16)",
    },
    _NARROWED,
    {"attention": shared(np="jnp", softmax=_SOFTMAX)["attention"]},
)
