"""`data`: the function of a program that reads its data, parts them, and makes its points.

What is done once is done in it: the statements of the functions that load, make points, fit and
convert stand one after another. What lines or stages share stays a function of its own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import reduce

from msgspec import Struct, field
from msgspec.structs import replace

from sailc.emit.points.loaded import Loaded, Target, is_alike
from sailc.emit.points.shaping import shaped
from sailc.emit.training.batch import Makers
from sailc.program.tree.expressions import reads, walk
from sailc.program.tree.inlining import folded, statements_of
from sailc.program.tree.names import NameTable
from sailc.program.tree.nodes import (
    Assign,
    Each,
    Expr,
    Function,
    Literal,
    Op,
    Ref,
)
from sailc.program.tree.packs import at, dict_of, is_pack, part, tuple_of
from sailc.program.tree.programs import Data, Split
from sailc.program.tree.sharing import said_once
from sailc.program.tree.tidy import inlined
from sailc.source import Span

TWICE, SHORT, SMALL = 2, 2, 16
"""How often a function may be written in place, and how many statements and expressions it then
has at most."""


def data_function(loaded: Loaded) -> tuple[Function, tuple[Function, ...]]:
    """The function, which returns the points, what metrics take as the questions, and what is
    known of all points; and the functions that it calls."""
    making = _Making(loaded, loaded.calls)
    function = making.made()
    others = {f.name: f for f in loaded.functions if f.name in making.called}
    return function, tuple(others.values())


class _Making(Struct):
    """The statements of the function, as they come together; `values` are what was loaded, and
    `called` the functions that stay."""

    loaded: Loaded
    calls: Counter[str]
    names: NameTable = field(default_factory=lambda: NameTable({"split"}))
    body: list[Assign] = field(default_factory=list[Assign])
    values: dict[str, Expr] = field(default_factory=dict[str, Expr])
    called: set[str] = field(default_factory=set[str])
    points: dict[str, Expr] = field(default_factory=dict[str, Expr])
    """The points of each split, or, by the dict's name, of several."""
    within: dict[str, str] = field(default_factory=dict[str, str])
    """In which dict the points of a split are, if in one."""
    fitted: dict[tuple[str, str], Sequence[Expr]] = field(
        default_factory=dict[tuple[str, str], Sequence[Expr]]
    )
    """What was found of the truths of a split for what a loss compares, by the function that
    finds it and the split."""
    later: list[Expr] = field(default_factory=list[Expr])
    """What else is read at the end."""

    def made(self) -> Function:
        load = self.loaded.load
        self.names.taken |= {*(a.name for a in load.body), *self.calls}
        self.body += load.body
        self.values = dict(zip(self.loaded.names, load.results, strict=True))
        asked = self._asked() if self.loaded.questions else ()
        self.later += [*asked, *(c.condition for c in load.checks)]
        for d in self.loaded.parts:
            self._part(d)
        for t in self.loaded.targets:
            self._targeted(t)
        known = [self._known(split, makers) for split, makers in self.loaded.known]
        whole = self._whole()
        if known and is_pack(whole):
            whole = self._bound("splits", whole, load.span)
        body, results = tuple(self.body), (whole, *asked, *known)
        made = replace(load, name="data", doc=self.loaded.doc, body=body, results=results)
        made = said_once(made, self.names)
        return inlined(shaped(made, self.names))

    def _stays(self, f: Function) -> bool:
        """Whether a function is called: others call it too, and it would not be shorter to say
        twice what it does."""
        n = self.calls[f.name]
        size = sum(1 for _ in walk(*f.expressions))
        return n > TWICE or (n == TWICE and (len(f.body) > SHORT or size > SMALL))

    # --- calls -------------------------------------------------------------------------------

    def _called(self, f: Function, *arguments: Expr, **more: object) -> Op:
        """A call of a function that stays."""
        self.called.add(f.name)
        return Op("call", arguments, {"function": f.name, **more})

    def _results(self, f: Function, arguments: Sequence[Expr]) -> Expr:
        """What a function gives, as one value: it is called if others call it, too."""
        if self._stays(f):
            return self._called(f, *arguments)
        body, results = statements_of(f, arguments, self.names)
        self.body += body
        return tuple_of(results) if len(results) != 1 else results[0]

    def _bound(self, name: str, value: Expr, span: Span) -> Expr:
        """A value by a name."""
        if isinstance(value, Ref):
            return value
        self.body.append(Assign(self.names.fresh(name), value, span))
        return Ref(self.body[-1].name)

    # --- points ------------------------------------------------------------------------------

    def _part(self, d: Data) -> None:
        """The points of the splits of a stage."""
        if is_alike(d):
            over = self._alike(d)
        else:
            made = {s.name: self._of_split(d, s) for s in d.splits}
            if len(made) == 1 or d.convert is None:
                for s in d.splits:
                    self.points[s.name] = self._straight(d, s, made[s.name])
                return
            over = self._dict(made, d)
        self._converted(d, over)
        self.points[over] = Ref(over)
        self.within |= {s.name: over for s in d.splits}

    def _of_split(self, d: Data, s: Split) -> Expr:
        """The points of a split, as a tuple."""
        made = self._joined(d.points, s)
        return made if s.truths else tuple_of((made,))

    def _joined(self, functions: Sequence[Function], split: Split, what: str = "points") -> Expr:
        """What functions make of the data lines of a split, as one value."""
        found: list[Expr] = []
        by_name = {f.name: f for f in functions}
        for portion in split.portions:
            f = by_name[getattr(portion, what)]
            rows = [self.values[n] for n in portion.sources]
            found.append(self._results(f, rows))
        together = Op("call", tuple(found), {"function": "together"})
        return found[0] if len(found) == 1 else together

    def _straight(self, d: Data, s: Split, points: Expr) -> Expr:
        """The points of a split, converted where there is no other."""
        if d.convert is None and d.required is None:
            return points
        span = d.points[0].span
        if not is_pack(points):
            points = self._bound(s.name, points, span)
        x, y = (part(points, i) for i in (0, 1))
        if d.convert is not None:
            x = self._bound(f"{s.name}_x", x, span)
            known = self._statistics(d, x)
            body, x = self._conversion(d.convert, x, known, self.names)
            self.body += body
        if d.required is not None:
            x = self._bound(f"{s.name}_x", x, span)
            self.body.append(Assign("", self._called(d.required, x), span))
        return tuple_of((x, y) if s.truths else (x,))

    def _dict(self, points: Mapping[str, Expr], d: Data) -> str:
        """A dict of the points of several splits; its name."""
        self.body.append(Assign(self.names.fresh("splits"), dict_of(points), d.points[0].span))
        return self.body[-1].name

    def _alike(self, d: Data) -> str:
        """A dict of the points of several splits, which are made in a loop; its name."""
        rows = {s.name: [self.values.pop(n) for n in s.sources] for s in d.splits}
        over = self._dict({n: tuple_of(r) if len(r) > 1 else r[0] for n, r in rows.items()}, d)
        (f,) = d.points
        names = self._inside(over)
        parameters = tuple(map(names.fresh, f.parameters))
        made = tuple(map(Ref, parameters))
        if self._stays(f):
            body, results = list[Assign](), (self._called(f, *made),)
        else:
            body, results = statements_of(f, made, names)
        if results != made:
            self._each(Each(over, parameters, tuple(body), results), f.span)
        return over

    def _converted(self, d: Data, over: str) -> None:
        """The points of several splits, converted in a loop."""
        if d.convert is None and d.required is None:
            return
        train, span = d.split("train"), d.points[0].span
        assert train is not None
        known = self._statistics(d, at(Ref(over), train.name, 0))
        if d.convert is not None:
            pairs = zip(known, d.convert.parameters[1:], strict=False)
            known = tuple(
                e if isinstance(e, Literal) else self._bound(n, e, span) for e, n in pairs
            )
        names = self._inside(over)
        names.taken |= {n for e in known for n in reads(e)}
        truths = all(s.truths for s in d.splits)
        question, truth = names.fresh("question"), names.fresh("truth")
        if d.convert is not None:
            body, x = self._conversion(d.convert, Ref(question), known, names)
            kept = truth if truths else f"*{truth}"
            self._each(Each(over, (question,), tuple(body), (x,), kept), span)
        if d.required is not None:
            check = Assign("", self._called(d.required, Ref(question)), span)
            self._each(Each(over, (question,), (check,), ()), span)

    def _statistics(self, d: Data, x: Expr) -> tuple[Expr, ...]:
        """What a conversion is given beside questions: what is known of some."""
        f = d.statistics
        if f is None or not f.results:
            return ()
        if self._stays(f):
            train = d.split("train")
            name = f"{train.name}_statistics" if train is not None else "statistics"
            return (self._bound(name, self._called(f, x), f.span),)
        return tuple(self._several(f, x))

    def _conversion(
        self, f: Function, x: Expr, known: Sequence[Expr], names: NameTable
    ) -> tuple[list[Assign], Expr]:
        """What makes of questions what the model takes; `known` may be one tuple of all that is
        known."""
        n = len(f.parameters) - 1
        if self._stays(f):
            return [], self._called(f, x, *known, spread=len(known) < n)
        if len(known) < n:
            known = [Op("place", (known[0],), {"i": i}) for i in range(n)]
        body, (made,) = statements_of(f, (x, *known), names)
        return body, made

    # --- loops over splits -------------------------------------------------------------------

    def _inside(self, over: str) -> NameTable:
        """The names that a loop must not bind: those that are read afterwards."""
        after = [*self.later, *self.points.values(), *self.values.values()]
        return NameTable({over, "split", *self.calls, *(n for e in after for n in reads(e))})

    def _each(self, loop: Each, span: Span) -> None:
        self.names.taken |= {*loop.bound}
        self.body.append(Assign(loop.over, loop, span))

    # --- at the end --------------------------------------------------------------------------

    def _whole(self) -> Expr:
        """The points of all splits, as a dict."""
        single = {n: e for n, e in self.points.items() if e != Ref(n)}
        whole = [dict_of(single)] if single else []
        dicts = (e for n, e in self.points.items() if e == Ref(n))
        return reduce(lambda a, b: Op("merged", (a, b)), [*whole, *dicts])

    def _targeted(self, t: Target) -> None:
        """The points of some splits, with truths as the loss compares them."""
        f, span = t.function, t.statistics.span
        over, splits = self.within.get(t.train, ""), (t.train, *t.others)
        question, truth = self._pair(t.train, span)
        truth = truth if is_pack(truth) else self._bound("truth", truth, span)
        pairs = zip(self._several(t.statistics, truth), f.parameters[1:], strict=True)
        known = [e if isinstance(e, Literal) else self._bound(n, e, span) for e, n in pairs]
        self.fitted[t.statistics.name, t.train] = known
        if not over:
            self.points[t.train] = tuple_of((question, self._results(f, (truth, *known))))
            for split in t.others:
                x, y = self._pair(split, span)
                self.points[split] = tuple_of((x, self._results(f, (y, *known))))
            return
        taken: tuple[str, ...] = ()
        if len(splits) > 1:
            names = self._inside(over)
            names.taken |= {n for e in known for n in reads(e)}
            taken = names.fresh("question"), names.fresh("truth")
            question, truth = map(Ref, taken)
        made = self._results(f, (truth, *known))
        self._each(Each(over, taken, (), (question, made), only=splits), span)

    def _pair(self, split: str, span: Span) -> tuple[Expr, Expr]:
        """The questions and the truths of a split."""
        points = self.points.get(split)
        if points is None:
            points = folded(Op("key", (Ref(self.within[split]),), {"name": split}))
        elif not is_pack(points):
            points = self._bound(split, points, span)
        return part(points, 0), part(points, 1)

    def _several(self, f: Function, x: Expr) -> Sequence[Expr]:
        """What a function gives, one by one."""
        value = self._results(f, (x,))
        if len(f.results) == 1:
            return (value,)
        return [part(value, i) for i in range(len(f.results))]

    def _known(self, split: str, makers: Makers) -> Expr:
        """What is known of all points of a split."""
        found: list[Expr] = []
        for f, i in makers:
            known = self.fitted.get((f.name, split))
            found += self._several(f, at(self._whole(), split, i)) if known is None else known
        return tuple_of(found)

    def _asked(self) -> tuple[Expr, ...]:
        """What metrics take as the questions of those points that are judged."""
        split = self.loaded.parts[-1].split(self.loaded.judged)
        assert split is not None
        return (self._joined(self.loaded.questions, split, "questions"),)
