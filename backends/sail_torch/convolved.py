"""Convolutions by the names of their layers, for models that have several."""

_CONV = """
def convRANKd(w, name, x):
    \"\"\"A convolution, as large as what it is of.\"\"\"
    return F.convRANKd(x, w[f"{name}.weight"], w[f"{name}.bias"], padding="same")
"""
BY_NAME = {f"conv{rank}d": _CONV.strip().replace("RANK", str(rank)) for rank in (1, 2, 3)}
