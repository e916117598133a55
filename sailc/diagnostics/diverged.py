"""E0807: a training that ran away."""

from __future__ import annotations

from sailc.diagnostics.base import Diagnostic

STEEP = 1000.0  # a loss that has grown so much ran away, whatever overflowed first


class TrainingDiverged(Diagnostic, frozen=True, kw_only=True):
    """The loss of a training became infinite or NaN (not a number), so that nothing was learned.

    ```text
    Loggy on Logs, seed 0, ran away: the loss is nan after epoch 1. The first numbers that are
    not finite are in `rising` (Tensor[real, 8]): 71 of 160 numbers, shape (20, 8)
    ```

    The program is run once more up to the epoch in which this happens, with a look at what every
    operation gives and at its gradient; the place is that of the first value that is not finite
    and reaches the loss or what is learned. `sailc run --no-look` does without. A value that is
    not defined for what it is given (a logarithm or a root of a negative number, a division by
    0, the slope of a root at 0) is to be guarded: `sqrt(x ^ 2 + 1e-6)`. Where the loss had grown
    from epoch to epoch, the steps are too long: a smaller rate, `clip`, or a warm-up mends it.
    """

    code = "E0807"
    title = "a training ran away"
    subject: str
    loss: str
    epoch: int
    name: str = ""
    type: str = ""
    found: str = ""
    gradient: bool | None = None
    grown: tuple[float, float] | None = None

    @property
    def message(self) -> str:
        text = f"{self.subject}, ran away: the loss is {self.loss} after epoch {self.epoch}"
        if not self.found:
            return text
        return f"{text}. The first numbers that are not finite are {self._where}: {self.found}"

    @property
    def _where(self) -> str:
        kind = f" ({self.type})" if self.type else ""
        what = f"`{self.name}`{kind}" if self.name else "what this line gives"
        if self.gradient is None:
            return f"in {what}, or in its gradient"
        return f"in the gradient that passes {what}" if self.gradient else f"in {what}"

    @property
    def help(self) -> str:
        if self.grown is not None and self.grown[1] > STEEP * self.grown[0]:
            first, last = self.grown
            return (
                f"the loss had grown from {first:.3g} to {last:.3g} before: the steps are too "
                "long; lower the rate, `clip` the gradient, or warm up"
            )
        if not self.found:
            return "lower the rate or `clip` the gradient; mind logarithms, roots, divisions"
        if self.loss == "inf":
            return (
                "it grew beyond what is stored: lower the rate, `clip` the gradient, or warm up; "
                "or make the truths smaller"
            )
        return (
            "guard what is not defined for all that it may be given (a logarithm, a root, a "
            "division), or lower the rate if the steps are too long"
        )
