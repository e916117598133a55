"""What is done to the points of a problem, and to what metrics measure."""

from __future__ import annotations

from sailc.emit.text.rows import Rows
from sailc.program.tree.nodes import Op, Ref

# What `read_table` puts where something is missing.
_MISSING = {"number": "np.isnan(a)", "label": "a < 0", "text": "a == ''"}
_PRESENT = {"number": "~np.isnan(a)", "label": "a >= 0", "text": "a != ''"}


def _present(op: Op) -> str:
    return _PRESENT[str(op.attributes["kind"])]


def _mode(op: Op) -> str:
    if op.batch:
        return "np.apply_along_axis(lambda x: np.bincount(x).argmax(), -1, a)"
    return "np.bincount(a).argmax()"


def _fill(op: Op) -> str:
    return f"np.where({_MISSING[str(op.attributes['kind'])]}, b, a)"


def _over_parts(op: Op) -> str:
    same = op.arguments[0] == Ref("part")
    return "np.concatenate(b)" if same else "np.concatenate([a for part in b])"


def _inner(op: Op) -> str:
    return ", *a.shape[2:]" if op.attributes["rank"] != 1 else ""


def _sample(op: Op) -> str:
    shape = op.attributes["shape"]
    distribution = str(op.attributes["distribution"])
    if distribution == "log_uniform":
        return f"np.exp(np.random.default_rng(seed).uniform(np.log(a), np.log(b), {shape}))"
    if distribution == "labels":
        return f"np.random.default_rng(seed).integers(labels, size={shape})"
    return f"np.random.default_rng(seed).{distribution}(a, b, {shape})"


def _measure(op: Op) -> str:
    """What `a`, the measurements of a run, says."""
    owner, name = str(op.attributes["path"]).split(".")
    return f'a["{owner}"]["{name}"]'


ROWS: Rows = {
    "present": _present,
    "all_of": "np.all([*args], axis=0)",
    "fill": _fill,
    "mode": _mode,
    "take_kept": lambda op: f"a[b].reshape(len(b), -1{_inner(op)})",
    "kept_places": "np.nonzero(a)[1].reshape(len(a), -1)",
    "kept_count": "a[0].sum()",
    "permutation": "np.random.default_rng(seed).permutation(a)",
    "over_parts": _over_parts,
    "sample": _sample,
    "sobol": "sobol(a, b, shape, seed)",
    "gaussian_field": "gaussian_field(a, b, c, shape, seed)",
    "measure": _measure,
    "opened": lambda op: str(op.attributes["text"]),
    "listed": lambda op: f"[arg1 for {op.attributes['variable']} in arg0]",
    "side_by_side": "list(zip(*args, strict=True))",
    "reordered": "[arg0[i] for i in np.random.default_rng(seed).permutation(len(arg0))]",
    "hide": "np.where(np.random.default_rng(seed).random(a.shape) < b, 0, a)",
    "add_noise": "a + np.random.default_rng(seed).normal(0, b, np.shape(a))",
    "auc": "auc(a, b)",
}
