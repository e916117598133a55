"""How a program is written for PyTorch."""

from __future__ import annotations

from pathlib import Path

from sail_torch.convolved import BY_NAME
from sail_torch.fields import reading
from sail_torch.in_place import in_place
from sail_torch.layout import channels_second
from sail_torch.mixed import MIXING
from sail_torch.outside import OUTSIDE
from sail_torch.recurrent import RECURRENT
from sail_torch.rows import TORCH, batch_norm_again
from sail_torch.spectral import SPECTRAL
from sailc.emit.numpy_rows import tiling
from sailc.emit.numpy_rows.helpers import MOTION
from sailc.emit.numpy_rows.texts import shared
from sailc.emit.script import lacking, script
from sailc.emit.target import Again, Target
from sailc.emit.text.functions import Code
from sailc.program.equations.programs import AnyProgram
from sailc.program.tree.programs import ParameterSpec

OUTPUTS_FIRST = [
    ("linear", "weight"),
    ("conv", "weight"),
    *((operator, name) for operator in ("lstm", "gru") for name in ("input", "hidden")),
]


def store(spec: ParameterSpec) -> str:
    """PyTorch's own layout of weights: outputs first, inputs second, then the window; of what
    is transposed, inputs first."""
    rank = len(spec.shape)
    if spec.role in OUTPUTS_FIRST:
        return ".T" if rank == 2 else f".transpose{(rank - 1, rank - 2, *range(rank - 2))}"
    if spec.role == ("conv_transpose", "weight"):
        return f".transpose{(rank - 2, rank - 1, *range(rank - 2))}"
    return ""


def simplified(code: Code, kept: frozenset[str]) -> Code:
    """Statements as PyTorch computes them best."""
    return in_place(channels_second(code, kept), kept)


# Indexing by arrays would do the same, and its derivative take twice as long.
OTHERS = '''
def others(array, axis=1):
    """For each element along an axis all that are not it, along a new axis after its own."""
    n = array.shape[axis]
    places = torch.arange(n, device=array.device)
    index = places[:-1] + (places[:-1] >= places[:, None])
    return array.index_select(axis, index.flatten()).unflatten(axis, (n, n - 1))
'''.strip()

GRADIENT = '''
def gradient(function, x):
    """The derivative of a function's one number by x; in training it can be differentiated."""
    further = torch.is_grad_enabled()
    with torch.enable_grad():
        x = x if x.requires_grad else x.detach().requires_grad_()
        found = torch.autograd.grad(function(x), x, create_graph=further, materialize_grads=True)
    return found[0]
'''.strip()

BOTH = '''
def value_and_gradient(function, x):
    """A function's numbers and the derivative of their sum by x, of one pass; in training both can
    be differentiated."""
    further = torch.is_grad_enabled()
    with torch.enable_grad():
        x = x if x.requires_grad else x.detach().requires_grad_()
        y = function(x)
        found = torch.autograd.grad(y.sum(), x, create_graph=further, materialize_grads=True)
    return y if further else y.detach(), found[0]
'''.strip()

SLOPE = '''
def slope(function, x, *known):
    """The derivative of a function's one number by x, for arrays and in double precision."""
    usual = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    with torch.device("cpu"):  # where the arrays are
        x, *known = (each(torch.tensor, value) for value in (x, *known))
        found = torch.autograd.grad(function(x.requires_grad_(), *known), x)
    torch.set_default_dtype(usual)
    return found[0].numpy()
'''.strip()

PAD = '''
def pad(x, n, kind):
    """n more along each dimension of space, at both ends."""
    for axis in range(1, x.ndim - 1):
        places = torch.from_numpy(np.pad(np.arange(x.shape[axis]), n, kind))
        x = x.index_select(axis, places.to(x.device, non_blocking=True))
    return x
'''.strip()

BATCH_NORM = '''
def batch_norm(x, mean, variance, scale, shift, training):
    """PyTorch's own, which refuses one number for each channel: it takes it twice."""
    if x.numel() == x.shape[1]:
        x = x.expand(2, *x.shape[1:])
        return F.batch_norm(x, mean, variance, scale, shift, training)[:1]
    return F.batch_norm(x, mean, variance, scale, shift, training)
'''.strip()

# What a step computes several times (for a slope beside its value, along the line that L-BFGS
# searches) is one function there: drops the same numbers, and moves running statistics once.
BATCH_NORM_AGAIN = '''
def batch_norm(x, running, name, scale, shift, training):
    """PyTorch's own, whose running statistics move once a step, however often it is called."""
    state = [running[f"{name}.{part}"] for part in ("mean", "variance")]
    if not training:
        return F.batch_norm(x, *state, scale, shift)
    single = x.numel() == x.shape[1]  # which PyTorch refuses
    x = x.expand(2, *x.shape[1:]) if single else x
    mean, variance = (value.clone() for value in state)
    found = F.batch_norm(x, mean, variance, scale, shift, True)
    running["moved"].setdefault(f"{name}.mean", mean)
    running["moved"].setdefault(f"{name}.variance", variance)
    return found[:1] if single else found
'''.strip()

DROPOUT_AGAIN = '''
def dropout(x, share, running, place, training):
    """In training each number 0 with a probability, the others larger (Srivastava et al. 2014):
    in one step the same ones again."""
    if not training:
        return x
    generator = torch.Generator(x.device).manual_seed(running["draw"] + place)
    kept = torch.empty_like(x).bernoulli_(1 - share, generator=generator)
    return x * kept / (1 - share)
'''.strip()

AUC = '''
def auc(scores, labels):
    """Area under the ROC curve, from the ranks of the positive (Mann and Whitney 1947)."""
    order, positive = torch.sort(scores).values, labels == 1
    below = torch.searchsorted(order, scores)
    rank = (below + torch.searchsorted(order, scores, right=True) + 1) / 2
    count = positive.sum()
    above = (rank * positive).sum() - count * (count + 1) / 2
    return above / (count * (len(labels) - count))
'''.strip()


WORDS = {
    "np": "torch",
    "axis": "dim",
    "keep": "keepdim",
    "taken": "torch.take_along_dim",
    "diagonal": "torch.diagonal(r, dim1=-2, dim2=-1)",
    "softmax": "torch.softmax(scores, dim=-1)",
    "bins": "torch.arange(bins, device=x.device)",
    "beyond": """
        places = torch.from_numpy(np.pad(np.arange(n), reach, "symmetric"))
        places = places.to(x.device, non_blocking=True)
    """.strip(),
    "select": "x.index_select(axis, places[i : i + n])",
}

TARGET = Target(
    "torch",
    "PyTorch",
    ("torch", "numpy"),
    TORCH,
    Path(__file__).parent / "program.py.jinja",
    store,
    "np.moveaxis(weight, (-1, -2), (0, 1))",
    {
        "adam": (
            "torch.optim.Adam(w.values(), lr={rate}, betas=({beta1}, {beta2}), eps={epsilon}, "
            "fused=True)"
        ),
        "adamw": (
            "torch.optim.AdamW(w.values(), lr={rate}, weight_decay={decay}, "
            "betas=({beta1}, {beta2}), eps={epsilon}, fused=True)"
        ),
        "adamax": (
            "torch.optim.Adamax(w.values(), lr={rate}, betas=({beta1}, {beta2}), eps={epsilon})"
        ),
        "lbfgs": (
            "torch.optim.LBFGS(w.values(), max_iter={steps}, max_eval=25 * {steps}, "
            "history_size={history}, "
            'tolerance_grad=1e-12, tolerance_change=1e-14, line_search_fn="strong_wolfe")'
        ),
        "sgd": "torch.optim.SGD(w.values(), lr={rate}, momentum={momentum}, fused=True)",
    },
    usual=frozenset(["betas=(0.9, 0.999)", "eps=1e-08", "momentum=0.0"]),
    helpers={
        "spectral_conv": SPECTRAL,
        **RECURRENT,
        **BY_NAME,
        "grad": GRADIENT,
        "value_and_grad": BOTH,
        "others": OTHERS,
        "auc": AUC,
        "pad": PAD,
        **shared(**WORDS),
        "batch_norm": BATCH_NORM,
        "slope": SLOPE,
        **MOTION,
        **tiling.helpers(
            *("torch", "dim", "parts.new_zeros"),
            count="torch.from_numpy(count).to(whole, non_blocking=True)",
        ),
    },
    simplify=simplified,
    eager=True,
    fitting=Path(__file__).parent / "collocation.py.jinja",
    reading=reading,
    fitted_by=("rng", "args.device"),
    imports=("import torch", "import torch.nn.functional as F"),
    outside=OUTSIDE,
    mixing=MIXING,
    again=Again(
        {"batch_norm": batch_norm_again, "dropout": "dropout(a, b, running, draws, training)"},
        {"batch_norm": BATCH_NORM_AGAIN, "dropout": DROPOUT_AGAIN},
    ),
)


class TorchBackend:
    """PyTorch, as the planner and the emitter see it."""

    name = TARGET.name
    title = TARGET.title
    packages = TARGET.packages
    defined = TARGET.defined
    watch = Path(__file__).with_name("watch.py")

    def lacks(self, model: frozenset[str], data: frozenset[str]) -> tuple[str, ...]:
        return lacking(TARGET, model, data)

    def emit(self, program: AnyProgram) -> str:
        return script(program, TARGET)


backend = TorchBackend()
