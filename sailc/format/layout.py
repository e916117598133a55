"""From pieces to lines: where lines break, how far in they begin, what makes columns."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct, field

from sailc.format.columns import WORD, Key, Line
from sailc.format.pieces import CLOSES, OPENS, Gap, Piece
from sailc.format.spacing import separated
from sailc.syntax.token import END

STEP = 4
_BLOCKS = frozenset({"block", "fixtures"})
_LINES = _BLOCKS | {"file"}  # where a comma does not part items
_NAMED = frozenset({"fixtures", "brace"})  # where a name and a colon begin an item
# What makes a column of neighbouring declarations, by the word that begins them.
_DECLARED: dict[tuple[str, str], Key] = {
    ("ENUM", "LBRACE"): ("{", "enum"),
    ("TYPE", "EQUAL"): ("=", "type"),
    ("UNIT", "EQUAL"): ("=", "unit"),
}


class Item(Struct):
    """A line of the language, or an element in brackets.

    `line` is the first line that it stands on, `leads` whether it begins that line, and
    `seen` what of `= : => ,` has stood in it, outside of further brackets.
    """

    head: Piece
    line: int
    leads: bool
    seen: list[str] = field(default_factory=list[str])
    pipes: int = 0  # the section of its lines that begin with `|>`


class Frame(Struct):
    """An open pair of brackets, or the file. `line` is where it was opened, `base` the
    indent of a line that closes it, `content` of what is inside."""

    kind: str
    line: int
    base: int
    content: int
    spread: bool  # a block over several lines
    section: int = 0
    fresh: bool = True  # the next piece begins an item
    item: Item | None = None


class Layout:
    """Takes the pieces one by one; `lines` is what comes of them."""

    def __init__(self, pieces: Sequence[Piece]) -> None:
        self.pieces = pieces
        self.lines: list[Line] = []
        self._frames = [Frame("file", -1, 0, 0, spread=True)]
        self._sections = 0
        self._declarations: list[tuple[int, int]] = []  # their first and last lines
        for i in range(len(pieces)):
            self._take(i)
        self._part_declarations()

    def _take(self, i: int) -> None:
        piece, frame = self.pieces[i], self._frames[-1]
        closes = piece.type in CLOSES
        fresh = not closes and (frame.fresh or piece.ended)
        breaks = piece.gap.broken or self._must_break(i, frame)
        if piece.gap.trailing:
            self.lines[-1].comment = piece.gap.trailing
        if fresh:
            self._leave_item(frame, piece.gap)
        indent = self._indent(frame, closes, fresh)
        if breaks:
            self._rows(piece, frame, frame.content if closes else indent)
            if piece.type == END:
                return
            self.lines.append(Line(indent))
        if fresh:
            frame.item = Item(piece, len(self.lines) - 1, breaks)
            frame.fresh = False
        self._write(i, frame, breaks)
        self._go_on(i, frame)

    # --- where lines break, and how far in they begin ------------------------------------

    def _must_break(self, i: int, frame: Frame) -> bool:
        """Does a block that is spread over lines begin or end here, or the file?"""
        piece = self.pieces[i]
        if piece.type == END:
            return True
        return frame.kind in _BLOCKS and frame.spread and (piece.type in CLOSES or frame.fresh)

    def _indent(self, frame: Frame, closes: bool, fresh: bool) -> int:
        """Of a line that begins here. What goes on is further in than where it began."""
        if closes:
            return frame.base
        if fresh or frame.item is None or not frame.item.leads:
            return frame.content
        return frame.content + STEP

    def _rows(self, piece: Piece, frame: Frame, indent: int) -> None:
        """The comments before a piece, and at most one blank line at a time: none at the
        start and the end of what is in brackets and of the file."""
        rows = list(piece.gap.rows)
        while rows and not rows[-1] and (piece.type in CLOSES or piece.type == END):
            rows.pop()
        for row in rows:
            at_start = frame.item is None and len(self.lines) - 1 == frame.line
            if row:
                self.lines.append(Line(indent, [row]))
            elif not at_start and self.lines[-1].cells:
                self.lines.append(Line(0))

    def _part_declarations(self) -> None:
        """A blank line before and behind each declaration of several lines."""
        pairs = list(zip(self._declarations, self._declarations[1:], strict=False))
        for above, below in reversed(pairs):
            tall = above[1] > above[0] or below[1] > below[0]
            between = self.lines[above[1] + 1 : below[0]]
            if tall and all(line.cells for line in between):
                self.lines.insert(above[1] + 1, Line(0))

    # --- items and brackets --------------------------------------------------------------

    def _leave_item(self, frame: Frame, gap: Gap) -> None:
        """A blank line, and an item of several lines, end a section."""
        last, item = len(self.lines) - 1, frame.item
        if item is not None and frame.kind == "file":
            self._declarations.append((item.line, last))
        if "" in gap.rows or (item is not None and last > item.line):
            frame.section = self._section()

    def _section(self) -> int:
        self._sections += 1
        return self._sections

    def _go_on(self, i: int, frame: Frame) -> None:
        """Note what has stood in the item, and follow the brackets."""
        piece = self.pieces[i]
        assert frame.item is not None or piece.type in CLOSES
        if piece.type in OPENS:
            self._frames.append(self._opened(i, frame))
        elif piece.type in CLOSES:
            self._frames.pop()
        elif piece.text in ("=", ":", "=>", ",") and frame.item is not None:
            frame.item.seen.append(piece.text)
            frame.fresh = piece.text == "," and frame.kind not in _LINES

    def _opened(self, i: int, frame: Frame) -> Frame:
        inner, line = self.pieces[i].inner, len(self.lines) - 1
        base = frame.content if inner in _BLOCKS else self.lines[-1].indent
        spread = inner in _BLOCKS and self._is_spread(i)
        return Frame(inner, line, base, base + STEP, spread, self._section())

    def _is_spread(self, i: int) -> bool:
        """Is there a newline between a brace and the one that closes it?"""
        depth = 0
        for j in range(i, len(self.pieces)):
            piece = self.pieces[j]
            if depth and piece.gap.broken:
                return self.pieces[i + 1].type not in CLOSES or bool(piece.gap.comments)
            depth += (piece.type in OPENS) - (piece.type in CLOSES)
            if not depth:
                break
        return False

    # --- the cells of a line -------------------------------------------------------------

    def _write(self, i: int, frame: Frame, breaks: bool) -> None:
        piece, line = self.pieces[i], self.lines[-1]
        if breaks:
            line.cells.append(piece.text)
            line.section = self._section_of(piece, frame)
        elif not separated(self.pieces, i):
            line.cells[-1] += piece.text
        elif (key := self._key(i, frame)) is not None:
            line.keys.append(key)
            line.cells.append(piece.text)
        else:
            line.cells[-1] += f" {piece.text}"

    def _section_of(self, piece: Piece, frame: Frame) -> int:
        """Of a line that begins with a piece: those of a block are one, and those of an
        item that begin with a pipe."""
        item = frame.item
        if item is None or piece.type in CLOSES:
            return 0
        if item.head is piece:
            return frame.section
        if piece.type != "PIPE":
            item.pipes = 0
        elif not item.pipes:
            item.pipes = self._section()
        return item.pipes

    def _key(self, i: int, frame: Frame) -> Key | None:
        """What joins a piece to the one before, if that makes a column."""
        item, piece, before = frame.item, self.pieces[i], self.pieces[i - 1]
        if item is None:
            return None
        if not item.leads or item.line < len(self.lines) - 1:
            return ("|>", "") if piece.type == "PIPE" and item.pipes else None
        if frame.kind == "block":
            return _key_of_line(item, piece, before)
        if frame.kind == "file":
            return _DECLARED.get((item.head.type, piece.type))
        if frame.kind in _NAMED and before.type == "COLON" and len(item.seen) == 1:
            return (":", "")
        if frame.kind == "brace" and piece.type == "FATARROW" and not item.seen:
            return ("=>", "")
        return None


def _key_of_line(item: Item, piece: Piece, before: Piece) -> Key | None:
    """Columns of a block: behind the first word, and further ones of lines of one word."""
    head = item.head
    word = head.type if head.type == "SPLIT" else head.text
    listed = head.type in ("NAME", "SUGGEST")
    match piece.type:
        case _ if before is head:
            return (WORD, "")
        case "EQUAL" if head.type == "LET" and not item.seen:
            return ("=", word)
        case "IN" | "WHEN" if listed:
            return (piece.text, word)
        case _ if before.type == "COLON" and head.type == "SPLIT" and len(item.seen) == 1:
            return (":", word)
        case _ if before.type == "COMMA" and head.type == "NAME":
            return (",", word)
        case _:
            return None
