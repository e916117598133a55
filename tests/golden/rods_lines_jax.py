"""Rods, answered by Lines, on JAX.

Rods: Rods that conduct heat more and less well.
Lines: The method of lines.

Written by sailc 0.1.0 from heat.sail. It needs numpy, scipy, and no sailc:

    python script.py --seed 0 --out results
"""

import argparse
import json
import math
import platform
import time
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from typing import NamedTuple

import numpy as np
import scipy
from scipy import sparse
from scipy.integrate import solve_ivp
from scipy.interpolate import CubicSpline, RegularGridInterpolator
from scipy.stats import qmc

SCENARIO = "9c397683e23c"
BACKEND = "jax"
VERSIONS = {
    "python": platform.python_version(),
    "numpy": np.__version__,
    "scipy": scipy.__version__,
}


@dataclass(frozen=True)
class Heat:
    """The equation Heat, of u(x, t)."""

    conductivity: float

    unknowns = (0,)
    law_jets = ((0, (0, 1)), (0, (2, 0)))
    states = 1
    jets = ((0, (0,)), (0, (2,)))
    periodic = (False,)
    time_axis = 1

    def domain(self):
        """The ends of x, t."""
        return [(0, 1), (0, 1)]

    def start(self, x):
        """u at the start."""
        return [np.sin(math.pi * x)]

    def rates(self, x, t, u, u_xx):
        """The derivatives of u by t, from the laws."""
        conductivity = self.conductivity
        return [conductivity * u_xx]

    def jacobian(self, x, t, u, u_xx):
        """How these change with u, u_xx."""
        conductivity = self.conductivity
        return [[0, conductivity]]

    def laws(self, x, t, u_t, u_xx):
        """What the laws leave over, left minus right sides."""
        conductivity = self.conductivity
        return [u_t - conductivity * u_xx]

    def values(self, x, t):
        """What the boundary gives: a value for (state, axis, end)."""
        return {(0, 0, 0): 0}

    def slopes(self, x, t):
        """What it gives of slopes: value + factor * state for (state, axis, end)."""
        return {(0, 0, -1): (0, 0.0)}


def load():
    """What is asked about, one after another."""
    return [Heat(c) for c in np.random.default_rng(1).uniform(0.1, 1, (3,))]


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


def differences(x, order, accuracy, periodic, slopes, lean=0):
    """Matrices from values at even places x, and slopes at its ends, to a derivative.

    Central differences, or such that lean to one side by a place; one-sided ones near
    the ends. Each is exact for polynomials up to a degree (Fornberg 1988). `slopes`
    says for the first and the last place whether the slope there is known; it then
    takes part.
    """
    n, h = len(x), x[1] - x[0]
    reach = (order + 1) // 2 - 1 + accuracy // 2
    around = np.arange(-reach - (lean < 0), reach + 1 + (lean > 0))

    def weights(offsets, known):
        powers = np.arange(len(offsets) + len(known))[:, None]
        on_values = np.float_power(offsets, powers)
        on_slopes = powers * np.float_power(known, np.maximum(powers - 1, 0))
        wanted = math.factorial(order) * (powers[:, 0] == order)
        return np.linalg.solve(np.hstack([on_values, on_slopes]), wanted)

    values, ends = sparse.lil_matrix((n, n)), sparse.lil_matrix((n, n))
    inside = weights(around, [])
    for i in range(n):
        if periodic or (i + around[0] >= 0 and i + around[-1] < n):
            near, w = (i + around) % n, inside
        else:
            at_first = i + around[0] < 0
            known = np.array([0 if at_first else n - 1])[: slopes[0 if at_first else 1]]
            width = order + accuracy - len(known)
            near = np.arange(width) + (0 if at_first else n - width)
            w = weights(near - i, known - i)
            ends[i, known] = w[width:] / h ** (order - 1)
        values[i, near] = w[: len(near)] / h**order
    return values.tocsr(), ends.tocsr()


def discretize(eq, points, accuracy=2):
    """An equation on an even grid: a system for the values at its nodes, differences in
    the place of derivatives by space. What the boundary gives is no part of the system.
    A first derivative leans to where its state comes from (upwind)."""
    ends = list(eq.domain())
    span = ends.pop(eq.time_axis) if eq.time_axis is not None else None
    whole = [np.linspace(low, high, points) for low, high in ends]
    places = [x[: points - around] for x, around in zip(whole, eq.periodic)]
    shape = tuple(map(len, places))
    grid = [x.ravel() for x in np.meshgrid(*places, indexing="ij")]
    nodes = np.arange(math.prod(shape)).reshape(shape)
    conditions = (eq.values(*grid, 0.0), eq.slopes(*grid, 0.0))
    at_end = {
        key: np.take(nodes, key[2], key[1]).ravel() for c in conditions for key in c
    }
    free = np.ones((eq.states, nodes.size), bool)
    for key in conditions[0]:
        free[key[0], at_end[key]] = False

    def operator(state, orders, lean=0):
        """What takes a state, and its slopes at the ends, to one of its derivatives."""
        made = []
        for axis, (x, order) in enumerate(zip(places, orders)):
            known = [(state, axis, end) in conditions[1] for end in (0, -1)]
            if order:
                around = eq.periodic[axis]
                made.append(differences(x, order, accuracy, around, known, lean))
            else:
                made.append((sparse.identity(len(x)),) * 2)
        return [reduce(sparse.kron, matrices).tocsr() for matrices in zip(*made)]

    first = [sum(orders) == 1 for _, orders in eq.jets]
    central = [operator(*jet) for jet in eq.jets]
    left = [
        operator(*jet, -1) if f else c for jet, f, c in zip(eq.jets, first, central)
    ]
    right = [
        operator(*jet, 1) if f else c for jet, f, c in zip(eq.jets, first, central)
    ]

    def complete(t, y):
        """All values, those that the boundary gives included."""
        u = np.zeros(free.shape)
        u[free] = y
        for key, value in eq.values(*grid, t).items():
            u[key[0], at_end[key]] = everywhere(value)[at_end[key]]
        return u

    def everywhere(value):
        return np.broadcast_to(value, nodes.size)

    def derivatives(t, u, operators):
        slopes = np.zeros((len(shape), *u.shape))
        for key, (value, factor) in eq.slopes(*grid, t).items():
            slope = everywhere(value + factor * u[key[0]])
            slopes[key[1], key[0], at_end[key]] = slope[at_end[key]]
        found = []
        for (state, orders), (on_values, on_slopes) in zip(eq.jets, operators):
            found.append(on_values @ u[state])
            if np.count_nonzero(orders) == 1:
                found[-1] += on_slopes @ slopes[np.argmax(orders), state]
        return found

    def upwind(t, u):
        """The jets, and for each whether it leans to the left."""
        jets = derivatives(t, u, central)
        if not any(first):
            return jets, [None] * len(jets)
        table = eq.jacobian(*grid, t, *jets)
        speeds = [everywhere(table[state][j]) for j, (state, _) in enumerate(eq.jets)]
        sides = [derivatives(t, u, side) for side in (left, right)]
        leans = [speed < 0 if f else None for speed, f in zip(speeds, first)]
        return [
            jet if lean is None else np.where(lean, sides[0][j], sides[1][j])
            for j, (jet, lean) in enumerate(zip(jets, leans))
        ], leans

    def rate(t, y):
        rates = eq.rates(*grid, t, *upwind(t, complete(t, y))[0])
        return np.array([everywhere(r) for r in rates])[free]

    def jacobian(t, y):
        jets, leans = upwind(t, complete(t, y))
        blocks = [[sparse.csr_matrix((nodes.size,) * 2)] * eq.states for _ in free]
        for row, partials in zip(blocks, eq.jacobian(*grid, t, *jets)):
            for j, (state, orders) in enumerate(eq.jets):
                inner = closed(t, state, orders, central[j])
                if leans[j] is not None:
                    sides = [closed(t, state, orders, s[j]) for s in (left, right)]
                    there = sparse.diags(leans[j].astype(float))
                    inner = sides[1] + there @ (sides[0] - sides[1])
                partial = everywhere(partials[j]).astype(float)
                row[state] = row[state] + sparse.diags(partial) @ inner
        whole = sparse.bmat(blocks).tocsr()
        return whole[free.ravel()][:, free.ravel()].tocsc()

    def closed(t, state, orders, pair):
        """An operator with the slopes at the ends that depend on the state there."""
        inner = pair[0]
        for key, (_, factor) in eq.slopes(*grid, t).items():
            alone = np.count_nonzero(orders) == 1 and orders[key[1]]
            if key[0] == state and alone:
                at = np.zeros(nodes.size)
                at[at_end[key]] = everywhere(factor)[at_end[key]]
                inner = inner + pair[1] @ sparse.diags(at)
        return inner

    def profile(t, y):
        """The unknowns on the whole grid, periodic ends included."""
        u = complete(t, y)[list(eq.unknowns)].reshape(-1, *shape)
        return np.pad(u, [(0, 0), *((0, int(p)) for p in eq.periodic)], mode="wrap")

    def field(solution):
        return on_grid(whole, lambda t: profile(t, solution(t)), eq.time_axis)

    start = np.array([everywhere(s) for s in eq.start(*grid)], dtype=float)[free]
    return System(span, start, rate, jacobian, 1.0, field)


def on_grid(places, profile, time_axis):
    """A field between the nodes of a grid (cubic splines); `profile(t)` are the values
    there, and `time_axis` is which of its variables is t."""
    between = along_a_line if len(places) == 1 else inside_a_box

    def field(*coordinates):
        coordinates = np.broadcast_arrays(*coordinates)
        given = [np.ravel(c) for c in coordinates]
        t = given.pop(time_axis) if time_axis is not None else np.zeros(given[0].size)
        moments, which = np.unique(t, return_inverse=True)
        found = between(places, [profile(m) for m in moments], given, which)
        return found.reshape(*coordinates[0].shape, -1)

    return field


def along_a_line(places, profiles, given, which):
    """Profiles between the nodes of a line: each place in the profile of its moment."""
    (nodes,), (x,) = places, given
    spline = CubicSpline(nodes, np.stack(profiles), axis=-1)
    piece = np.clip(np.searchsorted(nodes, x, "right") - 1, 0, len(nodes) - 2)
    pieces = spline.c[:, piece, which]
    return np.sum(
        pieces * ((x - nodes[piece]) ** np.arange(4)[::-1, None])[..., None], 0
    )


def inside_a_box(places, profiles, given, which):
    """Profiles between the nodes of a box: each place in the profile of its moment."""
    found = np.empty((which.size, len(profiles[0])))
    for moment, profile in enumerate(profiles):
        now = which == moment
        spline = RegularGridInterpolator(
            places, np.moveaxis(profile, 0, -1), method="cubic"
        )
        found[now] = spline(np.stack([c[now] for c in given], axis=-1))
    return found


def integrate(system, method, tolerance):
    """The solution of a system from its start, as a field. Errors are relative: what is
    smaller than a negligible part of the start does not count."""
    small = tolerance * system.negligible * np.max(np.abs(system.start), initial=1e-300)
    run = solve_ivp(
        system.rate,
        system.span,
        system.start,
        method,
        jac=system.jacobian,
        rtol=tolerance,
        atol=small,
        dense_output=True,
    )
    if not run.success or not np.all(np.isfinite(run.y)):
        raise ArithmeticError(
            f"the solver does not converge at t = {run.t[-1]:g}: {run.message}"
        )
    return system.field(run.sol)


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


def lines(eq):
    """The method of lines."""
    return integrate(discretize(eq, 65), "Radau", 1e-06)


def true_field(eq):
    """The true answer to field."""
    return reference(
        lambda points: integrate(discretize(eq, points, 4), "Radau", 1e-08),
        (20, 10),
        eq.domain(),
    )


def law(eq, field, rng):
    """What is compared as law."""
    return residual(eq, field, 100, rng)


def mean_error(answer, truth):
    """Mean absolute error, in the unit of the truth."""
    scores = np.abs(answer - truth).mean(axis=(-3, -2, -1))
    return scores.mean()


def mean_error_law(answer, truth):
    """Mean absolute error, in the unit of the truth."""
    scores = np.abs(answer - truth).mean(axis=(-2, -1))
    return scores.mean()


def throughput(run):
    """Questions answered per second once trained."""
    return run["test"]["count"] / run["test"]["time"]


def report(event, **facts):
    """Print one JSON object on a line of its own."""
    print(json.dumps({"event": event, **facts}), flush=True)


def main():
    """Solve, judge, and write the results."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=0, help="of what is drawn")
    parser.add_argument("--out", type=Path, default=Path("results"), help="folder for results")
    parser.add_argument("--device", default="cpu", help="where to run")
    args = parser.parse_args()
    facts = {"seed": args.seed, "device": args.device, "backend": BACKEND}
    report("start", scenario=SCENARIO, versions=VERSIONS, **facts)
    rng = np.random.default_rng(args.seed)
    points = load()
    places, field_truths = zip(*[true_field(eq) for eq in points], strict=True)

    start = time.perf_counter()
    outputs = []
    for number, eq in enumerate(points, 1):
        outputs.append(lines(eq))
        seconds = time.perf_counter() - start
        report("answer", answer=number, answers=len(points), seconds=seconds)
    test_time = time.perf_counter() - start

    field_answers = [field(*grid) for field, grid in zip(outputs, places, strict=True)]
    law_answers = [
        law(eq, field, rng)
        for eq, field in zip(points, outputs, strict=True)
    ]
    law_truths = [np.full(np.shape(a), 0.0) for a in law_answers]
    run = {
        "test": {
            "time": test_time,
            "count": len(points),
        },
        "model": {"parameters": 0},
    }
    metrics = {
        "mean_error": float(
            mean_error(np.stack(field_answers), np.stack(field_truths)),
        ),
        "mean_error(law)": float(
            mean_error_law(np.stack(law_answers), np.stack(law_truths)),
        ),
        "throughput": float(throughput(run)),
    }
    result = {"scenario": SCENARIO, "seed": args.seed, "metrics": metrics, **run}
    args.out.mkdir(parents=True, exist_ok=True)
    (args.out / "result.json").write_text(json.dumps(result, indent=2) + "\n")
    report("result", **result)


if __name__ == "__main__":
    main()
