"""Functions that NumPy, PyTorch and JAX write alike but for a few words."""

from __future__ import annotations

from collections.abc import Mapping

_NUMPY = {
    "np": "np",
    "axis": "axis",
    "keep": "keepdims",
    "taken": "np.take_along_axis",
    "diagonal": "np.diagonal(r, axis1=-2, axis2=-1)",
    "softmax": ("(e := np.exp(scores - scores.max(-1, keepdims=True))) / e.sum(-1, keepdims=True)"),
    "bins": "np.arange(bins)",
    "beyond": 'places = np.pad(np.arange(n), reach, "symmetric")',
    "select": "np.take(x, places[i : i + n], axis)",
    "normed": "scale / np.sqrt(variance + 1e-5)",
}


def shared(**words: str) -> dict[str, str]:
    """The functions, by operator, with a library's own words in place of NumPy's."""
    known = {**_NUMPY, **words}
    return {name: text.strip().format_map(known) for name, text in _TEXTS.items()}


_TEXTS: Mapping[str, str] = {
    "wasserstein": '''
def wasserstein(a, b):
    """Earth mover's distance of two samples of numbers: the area between their distribution
    functions."""
    places = {np}.concatenate([a, b], {axis}=-1)
    order = {np}.argsort(places, {axis}=-1)
    share = {np}.where(order < a.shape[-1], 1 / a.shape[-1], -1 / b.shape[-1])
    ahead = {np}.abs({np}.cumsum(share, {axis}=-1))[..., :-1]
    return (ahead * {np}.diff({taken}(places, order, {axis}=-1), {axis}=-1)).sum(-1)
''',
    "upsample": '''
def interpolated(x, places):
    """What is at some places along each dimension of space, on lines between its numbers."""
    for axis, at in enumerate(places, start=1):
        low = np.minimum(at.astype(int), x.shape[axis] - 2)
        share = (at - low).astype(x.dtype).reshape(-1, *[1] * (x.ndim - axis - 1))
        below, above = {np}.take(x, low, axis), {np}.take(x, low + 1, axis)
        x = below + share * (above - below)
    return x
''',
    "covariance": '''
def covariance(x):
    """The covariances of the columns of matrices, as of a population."""
    off = x - x.mean({axis}=-2, {keep}=True)
    return off.swapaxes(-1, -2) @ off / x.shape[-2]
''',
    "histogram": '''
def histogram(x, bins, low, high, axis=-1):
    """How many numbers along an axis are in each of some even bins between two bounds."""
    place = {np}.floor((x - low) / (high - low) * bins)
    place = {np}.moveaxis({np}.where(x == high, bins - 1, place), axis, -1)
    return (place[..., None] == {bins}).sum(-2) * 1.0
''',
    "qr": '''
def qr(a):
    """Orthonormal columns, and an upper triangle whose diagonal is positive."""
    q, r = {np}.linalg.qr(a)
    sign = {np}.where({diagonal} < 0, -1, 1)
    return q * sign[..., None, :], r * sign[..., None]
''',
    "svd": '''
def svd(a):
    """Singular values and their vectors; the largest number of a left vector is positive."""
    u, s, v = {np}.linalg.svd(a, full_matrices=False)
    at = {np}.argmax({np}.abs(u), {axis}=-2, {keep}=True)
    sign = {np}.sign({taken}(u, at, {axis}=-2))
    return u * sign, s, v * sign.swapaxes(-1, -2)
''',
    "eigh": '''
def eigh(a):
    """Ascending eigenvalues of symmetric matrices, and their vectors as columns, of which the
    largest number is positive."""
    values, vectors = {np}.linalg.eigh((a + a.swapaxes(-1, -2)) / 2)
    at = {np}.argmax({np}.abs(vectors), {axis}=-2, {keep}=True)
    return values, vectors * {np}.sign({taken}(vectors, at, {axis}=-2))
''',
    "blur": '''
def blur(x, width):
    """Each pixel mixed with those around it, along every dimension of space."""
    reach = int(4 * width + 0.5)
    weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) / width) ** 2)
    for axis in range(1, x.ndim - 1):
        n = x.shape[axis]
        {beyond}
        shares = (weights / weights.sum()).tolist()
        x = sum(share * {select} for i, share in enumerate(shares))
    return x
''',
    "windows": '''
def windows(x, n, stride=1, axis=1):
    """Parts of n consecutive elements along an axis, which begin every `stride`."""
    starts = np.arange(0, x.shape[axis] - n + 1, stride)
    return {np}.take(x, starts[:, None] + np.arange(n), axis)
''',
    "attention": '''
def attention(x, input, output, heads, input_bias=0, output_bias=0):
    """Every place as a mean of all, weighed by how keys agree with its query, in several heads
    (Vaswani et al. 2017)."""
    parts = (x @ input + input_bias).reshape(*x.shape[:-1], 3, heads, -1)
    query, key, value = {np}.moveaxis(parts, -3, 0).swapaxes(-2, -3)
    scores = query @ key.swapaxes(-1, -2) / math.sqrt(query.shape[-1])
    share = {softmax}
    mixed = share @ value
    return mixed.swapaxes(-2, -3).reshape(x.shape) @ output + output_bias
''',
    "batch_norm": '''
def batch_norm(x, scale, shift, running, name, training):
    """Channels less their mean and divided by their spread: in training those of the batch, which
    the running ones follow (Ioffe and Szegedy 2015)."""
    if training:
        axes, n = tuple(range(x.ndim - 1)), math.prod(x.shape[:-1])
        mean, variance = x.mean(axis=axes), x.var(axis=axes)
        for part, now in (("mean", mean), ("variance", variance * n / max(n - 1, 1))):
            after = 0.9 * running[f"{{name}}.{{part}}"] + 0.1 * now
            running["moved"].setdefault(f"{{name}}.{{part}}", after)
    else:
        mean, variance = running[f"{{name}}.mean"], running[f"{{name}}.variance"]
    return (x - mean) * ({normed}) + shift
''',
}
