"""Cutting tensors to tiles and putting them together, for every library."""

from __future__ import annotations

from sailc.emit.text.rows import Row
from sailc.program.tree.nodes import Op, is_tuple


def tile(op: Op) -> str:
    """`tiles(x, n, starts)`: where along each dimension of space tiles start is known."""
    n, stride = op.attributes["n"], op.attributes["stride"]
    return f"tiles(a, {n}, {_starts(op.attributes['before'], n, stride)})"


def stitch(op: Op) -> str:
    """`stitch(parts, shape, starts)`, of the shape in space."""
    shape, parts = op.attributes["shape"], op.attributes["before"]
    assert is_tuple(shape)
    assert is_tuple(parts)
    starts = _starts(shape, parts[1], op.attributes["stride"])
    return f"stitch(a, {shape[:-1]}, {starts})"


def _starts(shape: object, n: object, stride: object) -> tuple[tuple[int, ...], ...]:
    """Every `stride` along each dimension, and the last where a tile still fits."""
    assert is_tuple(shape)
    assert isinstance(n, int)
    assert isinstance(stride, int)
    sizes = [size for size in shape[:-1] if isinstance(size, int)]
    return tuple(
        tuple(min(i, size - n) for i in range(0, size - n + stride, stride)) for size in sizes
    )


ADD = "whole[:, *at] += parts[:, k]"
ROWS: dict[str, Row] = {"tiles": tile, "stitch": stitch}


def helpers(
    library: str, axis: str = "axis", zeros: str = "np.zeros", add: str = ADD, count: str = "count"
) -> dict[str, str]:
    """The functions that the rows call: the library's word for an axis, how it makes zeros, the
    statement that adds the k-th tile to `whole` at `at`, and by what the sums are divided."""
    return {
        "tiles": _TILES.format(library=library, axis=axis).strip(),
        "stitch": _STITCH.format(zeros=zeros, add=add, count=count).strip(),
    }


_TILES = '''
def tiles(x, n, starts):
    """Parts of n along each dimension of space, from where they start along each."""
    places = itertools.product(*starts)
    parts = [x[:, *(slice(i, i + n) for i in place)] for place in places]
    return {library}.stack(parts, {axis}=1)
'''
_STITCH = '''
def stitch(parts, shape, starts):
    """Tiles put together to a shape in space; where they overlap, their mean."""
    whole = {zeros}((len(parts), *shape, parts.shape[-1]))
    count = np.zeros((*shape, 1), np.float32)
    for k, place in enumerate(itertools.product(*starts)):
        at = tuple(slice(i, i + parts.shape[2]) for i in place)
        {add}
        count[at] += 1
    return whole / {count}
'''
