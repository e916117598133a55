"""How a program is written for JAX, with Optax for the optimizers."""

from __future__ import annotations

from pathlib import Path

from sail_jax.exact import by_value
from sail_jax.fields import reading
from sail_jax.layers import LAYERS
from sail_jax.mixed import MIXING
from sail_jax.motion import MOTION
from sail_jax.outside import OUTSIDE
from sail_jax.rows import JAX
from sail_jax.spectral import SPECTRAL
from sailc.emit.numpy_rows import tiling
from sailc.emit.numpy_rows.helpers import OTHERS
from sailc.emit.numpy_rows.texts import shared
from sailc.emit.script import lacking, script
from sailc.emit.target import Target, as_declared
from sailc.program.equations.programs import AnyProgram

FOLDED = '''
def folded(step, xs, start):
    """The last state of many steps, one for each element, and all states."""

    def advance(state, x):
        state = step(state, x)
        return state, state

    x = jax.tree.map(lambda array: jax.ShapeDtypeStruct(array.shape[1:], array.dtype), xs)
    kind = jax.eval_shape(step, start, x)
    start = jax.tree.map(lambda a, b: jnp.broadcast_to(a, b.shape).astype(b.dtype), start, kind)
    return jax.lax.scan(advance, start, xs)
'''.strip()

DERIVATIVE = '''
def derivative(function, x, running):
    """The derivative of a function's one number by x; what layers write on the way is kept."""
    moved = running.get("moved", {})
    found, after = jax.grad(lambda x: (function(x), dict(moved)), has_aux=True)(x)
    moved.update(after)
    return found
'''.strip()

SLOPE = '''
def slope(function, x, *known):
    """The derivative of a function's one number by x, for arrays and in double precision."""
    with jax.enable_x64(True):
        x, *known = (jax.tree.map(jnp.asarray, value) for value in (x, *known))
        return np.asarray(jax.grad(function)(x, *known))
'''.strip()

# JAX's own gives the slope to whatever equals the largest: a compiled step may compute numbers a
# second time, with other last digits, and then none does.
LARGEST = '''
def largest(x, axis):
    """The largest along an axis; its slope is at its place."""
    there = jax.nn.one_hot(x.argmax(axis), x.shape[axis], axis=axis, dtype=bool)
    return jnp.where(there, x, 0).sum(axis)
'''.strip()

# Its derivative is PyTorch's: finite at 0 and 1, where automatic ones are not.
BCE = '''
@jax.custom_jvp
def bce(share, truth):
    """Binary cross-entropy of probabilities, whose logarithms are -100 at least."""
    true, false = jnp.maximum(jnp.log(share), -100), jnp.maximum(jnp.log(1 - share), -100)
    return -(truth * true + (1 - truth) * false)


bce.defjvps(
    lambda by, _, share, truth: by * (share - truth) / jnp.maximum(share * (1 - share), 1e-12),
    lambda by, _, share, truth: by * (bce(share, 1.0) - bce(share, 0.0)),
)
'''.strip()

AUC = '''
def auc(scores, labels):
    """Area under the ROC curve, from the ranks of the positive (Mann and Whitney 1947)."""
    order, positive = jnp.sort(scores), labels == 1
    rank = (jnp.searchsorted(order, scores) + jnp.searchsorted(order, scores, "right") + 1) / 2
    count = positive.sum()
    above = (rank * positive).sum() - count * (count + 1) / 2
    return above / (count * (len(labels) - count))
'''.strip()


WORDS = {
    "np": "jnp",
    "taken": "jnp.take_along_axis",
    "diagonal": "jnp.diagonal(r, axis1=-2, axis2=-1)",
    "softmax": "jax.nn.softmax(scores, axis=-1)",
    "bins": "jnp.arange(bins)",
    "select": "jnp.take(x, places[i : i + n], axis)",
    "normed": "scale * jax.lax.rsqrt(variance + 1e-5)",
}

TARGET = Target(
    "jax",
    "JAX",
    ("jax", "optax", "numpy"),
    JAX,
    Path(__file__).parent / "program.py.jinja",
    as_declared,
    "weight",
    {
        "adam": "optax.adam({rate}, b1={beta1}, b2={beta2}, eps={epsilon})",
        "adamw": "optax.adamw({rate}, b1={beta1}, b2={beta2}, eps={epsilon}, weight_decay={decay})",
        "adamax": "optax.adamax({rate}, b1={beta1}, b2={beta2}, eps={epsilon})",
        "lbfgs": "optax.lbfgs(memory_size={history})",
        "sgd": "optax.sgd({rate}, momentum={momentum})",
    },
    constant_optimizers=True,
    usual=frozenset(["b1=0.9", "b2=0.999", "eps=1e-08", "momentum=0.0"]),
    helpers={
        "spectral_conv": SPECTRAL,
        **LAYERS,
        "grad": DERIVATIVE,
        "others": OTHERS,
        "auc": AUC,
        "bce": BCE,
        "mean_bce": BCE,
        **dict.fromkeys(("max", "min", "pool"), LARGEST),
        **shared(**WORDS),
        "slope": SLOPE,
        "fold": FOLDED,
        "scan": FOLDED,
        **MOTION,
        **tiling.helpers("jnp", zeros="jnp.zeros", add="whole = whole.at[:, *at].add(parts[:, k])"),
    },
    simplify=by_value,
    fitting=Path(__file__).parent / "collocation.py.jinja",
    reading=reading,
    imports=("import jax", "import jax.numpy as jnp", "import optax"),
    decorator="@jax.tree_util.register_dataclass",
    outside=OUTSIDE,
    each="jax.tree.map",
    mixing=MIXING,
    runs=frozenset({"state", "draws"}),
)


class JaxBackend:
    """JAX, as the planner and the emitter see it."""

    name = TARGET.name
    title = TARGET.title
    packages = TARGET.packages
    defined = TARGET.defined
    watch = Path(__file__).with_name("watch.py")

    def lacks(self, model: frozenset[str], data: frozenset[str]) -> tuple[str, ...]:
        return lacking(TARGET, model, data)

    def emit(self, program: AnyProgram) -> str:
        return script(program, TARGET)


backend = JaxBackend()
