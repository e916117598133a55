"""How the functions of a program come together: calls as statements, equal values said once."""

from __future__ import annotations

from sailc.emit.numpy_rows import NUMPY
from sailc.emit.text.functions import function
from sailc.program.tree.inlining import statements_of
from sailc.program.tree.names import NameTable
from sailc.program.tree.nodes import Assign, Each, Expr, Function, Op, Ref, Step
from sailc.program.tree.sharing import said_once
from sailc.source import NOWHERE


def of(results: tuple[Expr, ...], *body: tuple[str, Expr], given: tuple[str, ...] = ()) -> Function:
    """A function of some statements."""
    statements = tuple(Assign(name, value, NOWHERE) for name, value in body)
    return Function("f", "Some numbers.", given, statements, results, NOWHERE)


def text(f: Function) -> str:
    """What a function is written as, below its head."""
    return "\n".join(line.strip() for line in function(f, NUMPY).splitlines()[2:])


def pack(**parts: Expr) -> Op:
    return Op("pack", tuple(parts.values()), {"names": tuple(parts)})


def negative(expr: Expr) -> Op:
    return Op("negative", (expr,))


def first(expr: Expr) -> Op:
    return Op("first", (expr,), {"n": 3})


FORCE = pack(force=first(negative(Ref("slope"))))


def test_what_is_computed_twice_is_called_like_the_field_that_it_is_for() -> None:
    f = of((FORCE, Op("std", (negative(Ref("slope")),))), given=("slope",))
    assert text(said_once(f, NameTable())) == (
        'force = -slope\nreturn {"force": force[:3]}, force.std()'
    )


def test_a_name_that_is_free_for_it_is_taken_over() -> None:
    f = of((FORCE, FORCE), ("force", negative(Ref("slope"))), given=("slope",))
    lines = text(said_once(f, NameTable({"force"}))).splitlines()
    assert lines[0] == "force = -slope"


def test_a_dict_that_a_loop_changes_is_computed_from_again() -> None:
    spread = Op("std", (Op("key", (Ref("splits"),), {"name": "train"}),))
    change = Each("splits", ("x",), (), (negative(Ref("x")),))
    f = of((spread,), ("before", spread), ("splits", change), given=("splits",))
    assert text(said_once(f, NameTable())) == (
        'before = splits["train"].std()\n'
        "splits = {split: -x for split, x in splits.items()}\n"
        'return splits["train"].std()'
    )


def test_an_argument_that_is_read_twice_has_a_name() -> None:
    square = of((Op("multiply", (Ref("x"), Ref("x"))),), given=("x",))
    body, results = statements_of(square, (negative(Ref("y")),), NameTable())
    assert text(of(results, *((a.name, a.value) for a in body), given=("y",))) == (
        "x = -y\nreturn x * x"
    )


def test_parts_of_a_record_stand_where_they_are_read() -> None:
    f = of((Op("key", (Ref("m"),), {"name": "energy"}),), given=("m",))
    _, results = statements_of(f, (pack(atoms=Ref("r"), energy=Ref("e")),), NameTable())
    assert results == (Ref("e"),)


def test_a_function_inside_keeps_its_own_variables() -> None:
    inner = Step(("y",), Op("add", (Ref("x"), Ref("y"))))
    f = of((Op("call", (inner,), {"function": "g"}),), given=("x",))
    body, results = statements_of(f, (negative(Ref("y")),), NameTable())
    assert text(of(results, *((a.name, a.value) for a in body), given=("y",))) == (
        "x = -y\nreturn g(lambda y: x + y)"
    )
