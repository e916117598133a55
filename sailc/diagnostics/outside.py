"""What `sailc check --deep` finds wrong with functions from outside."""

from __future__ import annotations

from sailc.diagnostics.base import Diagnostic

KNOWN = {
    -1.0: "it has the wrong sign, as a force has",
    0.529177: "it is per bohr, and an ångström is declared",
    1.889726: "it is per ångström, and a bohr is declared",
    27.211386: "it is in electronvolts, and a hartree is declared",
    0.0367493: "it is in hartrees, and an electronvolt is declared",
}
"""What a factor by which a gradient is off says; with a minus before it, of a force too."""


class GradientDisagrees(Diagnostic, frozen=True, kw_only=True):
    """The declared gradient of an extern is not that of its values.

    ```text
    the gradient of `energy` by `atoms.position` disagrees with central differences: 0.0421 is
    declared at [0, 2], and the values change by -0.0421
    ```

    `sailc check --deep` calls an extern with points of a problem (or with values drawn by its
    types, where no problem calls it), moves some of the numbers a little to both sides, and
    compares. A gradient that is off by more than one part in a hundred of the largest number,
    and of what the differences are uncertain by, is told. What `gradient` names gives the
    derivative of the result, in its unit, by one of the path's.
    """

    code = "E0808"
    title = "a gradient disagrees with differences"
    name: str
    path: str
    place: tuple[int, ...]
    declared: float
    central: float
    ratio: float | None = None

    @property
    def message(self) -> str:
        where = f" at {list(self.place)}" if self.place else ""
        return (
            f"the gradient of `{self.name}` by `{self.path}` disagrees with central differences: "
            f"{self.declared:.6g} is declared{where}, and the values change by {self.central:.6g}"
        )

    @property
    def help(self) -> str:
        if self.ratio is None:
            return "mend the function, or name the one that gives this derivative"
        near = (k for k in KNOWN if abs(self.ratio / k - 1) < 0.01)
        known = next(near, None)
        if known is not None:
            return f"it is {self.ratio:.4g} times what it should be everywhere: {KNOWN[known]}"
        return f"it is {self.ratio:.4g} times what it should be everywhere: a sign, or a unit"


class ExternFails(Diagnostic, frozen=True, kw_only=True):
    """An extern raised, or gave NaN or what is not declared, when it was tried.

    ```text
    `well` gave an array of shape (2,), where () is declared
    ```

    `sailc check --deep` calls an extern with points of a problem, or with values drawn by its types
    where no problem calls it: numbers between 0.5 and 1.5, lists of 3. A run would fail here, too.
    """

    code = "E0809"
    title = "an extern fails when it is called"
    name: str
    what: str
    said: str
    drawn: bool

    @property
    def message(self) -> str:
        with_ = ", called with values that were drawn by its types" if self.drawn else ""
        return f"{self.what} {self.said}{with_}"

    @property
    def help(self) -> str:
        if self.drawn:
            return "mend the function, or ask for it in a problem: it is then tried at its points"
        return "mend the function, or its declaration"


class NotTried(Diagnostic, frozen=True, kw_only=True):
    """An extern could not be tried by `sailc check --deep`.

    ```text
    `energy` was not tried: `tblite` needs 'tblite>=0.4'
    ```

    Its package is missing, a value of the types that it takes cannot be made up (`opaque`),
    or it took too long or ended the process (a crash in compiled code).
    """

    code = "W0803"
    title = "an extern was not tried"
    name: str
    why: str

    @property
    def message(self) -> str:
        return f"`{self.name}` was not tried: {self.why}"

    @property
    def help(self) -> str:
        return "install what is missing, or try it where it can be called"
