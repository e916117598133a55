"""Formulas of numbers as values: SymPy's `Lambda`.

The compiler calls these functions, and programs have them word for word.
"""

# These are texts for programs, in their style: without annotations.
# pyright: basic, reportAttributeAccessIssue=false, reportCallIssue=false
# pyright: reportOperatorIssue=false

from __future__ import annotations

import math

import numpy as np
import sympy


def numeric(function):
    """A formula as a function of numbers; what is none stays what it is."""
    if not isinstance(function, sympy.Lambda):
        return function
    known = {"erf": np.vectorize(math.erf, otypes=[float])}
    return sympy.lambdify(function.variables, function.expr, [known, "numpy"])


def values(functions, *places):
    """What functions give at places that broadcast with them."""
    functions = np.asarray(functions, dtype=object)
    shape = np.broadcast_shapes(functions.shape, *map(np.shape, places))
    ahead = (1,) * (len(shape) - functions.ndim)
    functions = functions.reshape(ahead + functions.shape)
    places = [np.broadcast_to(p, shape) for p in places]
    result = np.empty(shape)
    for i in np.ndindex(functions.shape):
        at = tuple(j if n > 1 else slice(None) for j, n in zip(i, functions.shape))
        result[at] = numeric(functions[i])(*(p[at] for p in places))
    return result


def derived(functions, by):
    """The derivatives of formulas by one of their variables."""

    def one(f):
        return sympy.Lambda(f.variables, sympy.diff(f.expr, f.variables[by]))

    return np.vectorize(one, otypes=[object])(functions)


def equivalent(functions, others, tolerance, low, high):
    """Whether functions are one, each with its other."""
    return np.vectorize(is_one, otypes=[bool])(functions, others, tolerance, low, high)


def is_one(f, g, tolerance, low, high):
    """Whether two functions are one: their difference expands to nothing, or they agree
    at 200 places between two ends: as a share of what they are there, or near a zero of
    their median."""
    formulas = [x for x in (f, g) if isinstance(x, sympy.Lambda)]
    alike = len(formulas) == 2 and are_small(f, g)
    if alike and sympy.expand(f.expr - g(*f.variables)) == 0:
        return True
    count = len(formulas[0].variables) if formulas else 1
    places = np.random.default_rng(0).uniform(low, high, (count, 200))
    with np.errstate(all="ignore"):
        a, b = (np.broadcast_to(numeric(x)(*places), 200) for x in (f, g))
        there = np.isfinite(a), np.isfinite(b)
        if (there[0] != there[1]).any() or not there[0].any():
            return False
        a, b = a[there[0]], b[there[0]]
        size = np.maximum(np.abs(a), np.abs(b))
        allowed = tolerance * np.maximum(size, np.median(size))
        return bool((np.abs(a - b) <= allowed).all())


def are_small(*formulas):
    """Whether formulas can be expanded in no time."""
    powers = [p.exp for f in formulas for p in f.expr.atoms(sympy.Pow)]
    return all(f.expr.count_ops() <= 200 for f in formulas) and all(
        not p.is_number or abs(p) <= 12 for p in powers
    )


def told(answers, truths):
    """The first formulas that were found, and the true ones; not what is no formula."""
    pairs = [
        p for p in zip(answers, truths) if all(isinstance(f, sympy.Lambda) for f in p)
    ]
    return [
        {"answer": formula_text(f), "truth": formula_text(g)} for f, g in pairs[:20]
    ]


def formula_text(f):
    """A formula as one writes it: `x => 2.0*x^2`."""
    names = ", ".join(map(str, f.variables))
    head = names if len(f.variables) == 1 else f"({names})"
    return f"{head} => {sympy.sstr(f.expr, full_prec=False)}".replace("**", "^")
