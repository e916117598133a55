"""Solving equations with NumPy and SciPy: grids, differences, steps in time.

An equation is an object as the program writes one: its `domain`, its `start`, its
`rates` with their `jacobian`, and what holds at the ends of space.
"""

# These are texts for programs, in their style: plain NumPy, without annotations.
# pyright: basic, reportOptionalMemberAccess=false, reportArgumentType=false
# pyright: reportCallIssue=false

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from scipy.integrate import solve_ivp
from scipy.sparse.linalg import splu
from scipy.stats import qmc


class System(NamedTuple):
    """Ordinary equations y' = rate(t, y), and how their solution is read as a field."""

    span: tuple
    start: np.ndarray
    rate: object
    jacobian: object
    negligible: float
    field: object


def system(eq):
    """An equation without space as it stands."""

    def field(solution):
        def at(t):
            values = solution(np.ravel(t))[list(eq.unknowns)]
            return values.T.reshape(*np.shape(t), -1)

        return at

    def rate(t, y):
        return np.array(eq.rates(t, *y))

    def jacobian(t, y):
        return np.array(eq.jacobian(t, *y), dtype=float)

    start = np.array(eq.start(), dtype=float)
    return System(eq.domain()[0], start, rate, jacobian, 1e-8, field)


def integrate(posed, method, tolerance):
    """The solution of a system from its start, as a field. Errors are relative: what is
    smaller than a negligible part of the start does not count."""
    small = tolerance * posed.negligible * np.max(np.abs(posed.start), initial=1e-300)
    run = solve_ivp(
        posed.rate,
        posed.span,
        posed.start,
        method,
        jac=posed.jacobian,
        rtol=tolerance,
        atol=small,
        dense_output=True,
    )
    if not run.success or not np.all(np.isfinite(run.y)):
        raise ArithmeticError(
            f"the solver does not converge at t = {run.t[-1]:g}: {run.message}"
        )
    return posed.field(run.sol)


def integrate_explicitly(posed, method, tolerance):
    """The solution of a system from its start, as a field, by an explicit method.
    Errors are relative: what is a negligible part of the start does not count.
    """
    small = tolerance * posed.negligible * np.max(np.abs(posed.start), initial=1e-300)
    run = solve_ivp(
        posed.rate,
        posed.span,
        posed.start,
        method,
        rtol=tolerance,
        atol=small,
        dense_output=True,
    )
    if not run.success or not np.all(np.isfinite(run.y)):
        raise ArithmeticError(
            f"the solver does not converge at t = {run.t[-1]:g}: {run.message}"
        )
    return posed.field(run.sol)


def settle(posed, tolerance, most=50):
    """What makes all rates vanish, as a field: Newton's method, its steps halved where
    a whole one would make the rates larger."""
    y = posed.start
    left = posed.rate(0.0, y)
    for _ in range(most):
        try:
            step, size = splu(posed.jacobian(0.0, y)).solve(left), 1.0
        except RuntimeError as error:  # SuperLU meets a matrix that is singular
            raise ArithmeticError(f"the solver does not converge: {error}") from error
        while size > 1e-6:
            after = posed.rate(0.0, y - size * step)
            if np.linalg.norm(after) <= np.linalg.norm(left):
                break
            size /= 2
        y, left = y - size * step, after
        if np.linalg.norm(step) <= tolerance * np.linalg.norm(y):
            settled = y.copy()
            return posed.field(lambda _: settled)
    raise ArithmeticError(
        f"the solver does not converge: {most} of Newton's steps are not enough"
    )


def reference(solve, counts, domain):
    """The solution at even places along each variable, on finer and finer grids until
    two agree. `solve(points)` gives it as a field on a grid."""
    places = [np.linspace(low, high, n) for (low, high), n in zip(domain, counts)]
    grid = np.meshgrid(*places, indexing="ij")
    before = None
    for points in (65, 129, 257, 513, 1025, 2049, 4097, 8193):
        values = solve(points)(*grid)
        if before is not None:
            change = np.max(np.abs(values - before))
            if change <= 1e-5 * np.max(np.abs(values)):
                return grid, values
        before = values
    raise ArithmeticError(
        f"the reference does not converge: two grids differ by {change:.1e}"
    )


def collocation(domain, n, rng):
    """Places inside a domain, spread evenly: a Latin hypercube (McKay et al. 1979)."""
    low, high = np.array(domain, dtype=float).T
    drawn = qmc.LatinHypercube(len(domain), rng=rng).random(n)
    return list((low + drawn * (high - low)).T)


def borders(eq, n, rng):
    """Places where the conditions hold, n in all; of a periodic one, on both sides."""
    found = []
    for i, (axis, ends) in enumerate(eq.sides()):
        drawn = collocation(eq.domain(), max(1, (n + i) // len(eq.sides())), rng)
        for end in ends:
            held = np.full_like(drawn[axis], end)
            found.append([*drawn[:axis], held, *drawn[axis + 1 :]])
    return found


def derivative(field, places, orders, steps):
    """A derivative of a field at some places, by central differences."""
    axis = next((i for i, n in enumerate(orders) if n), None)
    if axis is None:
        return field(*places)
    n, h = orders[axis], steps[axis]
    rest = [0 if i == axis else m for i, m in enumerate(orders)]
    total = 0.0
    for k in range(n + 1):
        moved = [x + (n / 2 - k) * h * (i == axis) for i, x in enumerate(places)]
        change = derivative(field, moved, rest, steps)
        total = total + (-1) ** k * math.comb(n, k) * change
    return total / h**n


def residual(eq, field, n, rng):
    """What the laws leave over for a field, at n places inside the domain."""
    domain = np.array(eq.domain(), dtype=float)
    steps = 1e-4 * (domain[:, 1] - domain[:, 0])
    margin = np.max([orders for _, orders in eq.law_jets], axis=0) / 2 * steps
    inside = domain + np.stack([margin, -margin], axis=1)
    places = collocation(inside, n, rng)
    jets = [
        derivative(field, places, orders, steps)[..., u] for u, orders in eq.law_jets
    ]
    left = eq.laws(*places, *jets)
    return np.stack([np.broadcast_to(x, n) for x in left], axis=-1)
