"""The filter for broken text: it minds the indentation."""

from __future__ import annotations

from sailc.syntax.filter import BLOCK_HEADS, ENDS_A_LINE, Filter
from sailc.syntax.token import Token

_OPENS = frozenset({"", "NL", "BLOCK", "FIXTURES", "LBRACE"})


def column(newline: Token) -> int:
    """How far the line behind a newline is indented."""
    text = newline.text
    return len(text) - max(text.rfind("\n"), text.rfind("\r")) - 1


class LayoutFilter(Filter):
    """Ends a line that nothing can end, such as `let x =`, if the next is not indented."""

    def continues(self, newline: Token) -> bool:
        level = self.level
        if level.kind in ("parenthesis", "bracket"):
            return True
        if self.previous in _OPENS:
            level.indent = column(newline)
            return True
        if self.previous not in ENDS_A_LINE and column(newline) > level.indent:
            return True
        level.indent = column(newline)
        return False

    def brace(self) -> str:
        """As if the head of a block were whole, whatever stands before its brace."""
        level = self.level
        if level.equal or self.previous in ("ARROW", "COLON"):
            return "brace"
        return "block" if level.head in BLOCK_HEADS.get(level.kind, ()) else super().brace()
