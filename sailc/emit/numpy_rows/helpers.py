"""Functions of their own that NumPy's rows call, and modules that rows need."""

from __future__ import annotations

from sailc.emit.numpy_rows import layers, tiling
from sailc.emit.numpy_rows.texts import shared
from sailc.emit.text import formulas

# What rows need: standard modules, and functions of their own.
MODULES = {
    "fold": "import functools",
    "scan": "import itertools",
    "tiles": "import itertools",
    "stitch": "import itertools",
    "spectral_conv": "import itertools",
    "conv_transpose": "import itertools",
    "sobol": "from scipy.stats import qmc",
    **formulas.MODULES,
}

_AUC = '''
def auc(scores, labels):
    """Area under the ROC curve: the share of pairs of a positive and a negative that are in
    order, ties counting half (Mann and Whitney 1947)."""
    positive, negative = scores[labels == 1], np.sort(scores[labels == 0])
    below = np.searchsorted(negative, positive, "left")
    up_to = np.searchsorted(negative, positive, "right")
    return (below + up_to).mean() / 2 / len(negative) if len(positive) and len(negative) else np.nan
'''
_OTHERS = '''
def others(array, axis=1):
    """For each element along an axis all that are not it, along a new axis after its own."""
    n = array.shape[axis]
    places = np.arange(n - 1) + (np.arange(n - 1) >= np.arange(n)[:, None])
    return array[(slice(None),) * axis + (places,)]
'''
_SOBOL = '''
def sobol(low, high, shape, seed):
    """Points between bounds that fill their cube evenly (Sobol 1967, scrambled by a seed)."""
    n, *inner = shape
    unit = qmc.Sobol(int(np.prod(inner)), rng=seed).random(n)
    return low + (high - low) * unit.reshape(shape)
'''
_VERLET = '''
def verlet(force, position, mass, step, steps):
    """Positions after each step of a motion from rest (Verlet 1967), velocities being half a step
    ahead of positions."""
    velocity, kick = 0, step / 2
    for _ in range(steps):
        velocity = velocity + force(position) / mass * kick
        position = position + velocity * step
        kick = step
        yield position
'''
_RK4 = '''
def rk4(rate, state, step, steps):
    """A state after each step along its rate of change (Kutta 1901)."""
    for _ in range(steps):
        at_start = rate(state)
        first_half = rate(state + step / 2 * at_start)
        second_half = rate(state + step / 2 * first_half)
        at_end = rate(state + step * second_half)
        state = state + step / 6 * (at_start + 2 * first_half + 2 * second_half + at_end)
        yield state
'''
OTHERS = _OTHERS.strip()
MOTION = {"motion": _VERLET.strip(), "rk4": _RK4.strip()}
_GAUSSIAN_FIELD = '''
def gaussian_field(std, length, smoothness, shape, seed):
    """Normal fields on a periodic cube, of the spectrum of Whittle (1954) and Matérn (1960)."""
    _, *space = shape
    axes = tuple(range(1, len(shape)))
    waves = np.meshgrid(*(2 * np.pi * np.fft.fftfreq(n, 1 / n) for n in space), indexing="ij")
    square = 2 * smoothness / length**2 + sum(k**2 for k in waves)
    share = square ** -(smoothness / 2 + len(space) / 4)
    noise = np.fft.fftn(np.random.default_rng(seed).normal(size=shape), axes=axes)
    return std * np.fft.ifftn(noise * share, axes=axes).real / np.sqrt((share**2).mean())
'''
HELPERS = {
    "auc": _AUC.strip(),
    "others": OTHERS,
    "sobol": _SOBOL.strip(),
    **MOTION,
    **tiling.helpers("np"),
    **layers.HELPERS,
    **shared(),
    "gaussian_field": _GAUSSIAN_FIELD.strip(),
}
