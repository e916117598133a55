"""Mixed precision by PyTorch's autocast, which chooses for each operator."""

from __future__ import annotations

from sailc.emit.mixed import NUMERICAL, WIDE, Mixing

_WRAPPER = """
def mixed(model):
    \"\"\"A model in mixed precision: what autocast deems safe is computed in bfloat16, of weights
    and with answers in float32.\"\"\"

    def answer(w, questionMODES):
        device = next(iter(w.values())).device
        with torch.autocast(device.type, dtype=torch.bfloat16):
            return ANSWER

    return answer
"""
_MODEL = "model(w, questionMODES)"


def _wrapper(answer: str) -> str:
    return _WRAPPER.strip().replace("ANSWER", answer)


MIXING = Mixing(
    _wrapper(f"{_MODEL}.float()"),
    _wrapper(f"each(torch.Tensor.float, {_MODEL})"),
    NUMERICAL | {"lstm", "gru"},
    {WIDE: "a.float()"},
)
