"""Rods, answered by Lines, on PyTorch.

Rods: Rods that conduct heat more and less well.
Lines: The method of lines.

Written by sailc 0.1.0 from heat.sail. It needs numpy, scipy, and no sailc.
"""

import argparse
import json
import math
import runpy
import time
from dataclasses import dataclass
from functools import reduce
from importlib.metadata import version
from pathlib import Path
from platform import python_version
from typing import NamedTuple

import numpy as np
from scipy import sparse
from scipy.integrate import solve_ivp
from scipy.interpolate import CubicSpline, RegularGridInterpolator
from scipy.stats import qmc

SCENARIO = "ccdae30bcdc6"
VERSIONS = {p: version(p) for p in ["numpy", "scipy"]} | {"python": python_version()}


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

    inside = dict(zip(around, weights(around, [])))
    if periodic:
        inside |= {o - n * np.sign(o): w for o, w in inside.items() if o}
    values = sparse.diags([*inside.values()], [*inside], (n, n), "lil") / h**order
    ends = sparse.lil_matrix((n, n))
    for i in [] if periodic else [*range(-around[0]), *range(n - around[-1], n)]:
        at_first = i + around[0] < 0
        known = np.array([0 if at_first else n - 1])[: slopes[0 if at_first else 1]]
        width = order + accuracy - len(known)
        near = np.arange(width) + (0 if at_first else n - width)
        w = weights(near - i, known - i)
        ends[i, known] = w[width:] / h ** (order - 1)
        values[i], values[i, near] = 0, w[:width] / h**order
    return values.tocsr(), ends.tocsr()


class Grid:
    """Even nodes for an equation: what its boundary gives, which values are free."""

    def __init__(self, eq, points):
        ends = list(eq.domain())
        self.eq = eq
        self.span = ends.pop(eq.time_axis) if eq.time_axis is not None else None
        self.whole = [np.linspace(low, high, points) for low, high in ends]
        self.places = [
            x[: points - around] for x, around in zip(self.whole, eq.periodic)
        ]
        self.shape = tuple(map(len, self.places))
        self.at = [x.ravel() for x in np.meshgrid(*self.places, indexing="ij")]
        nodes = np.arange(math.prod(self.shape)).reshape(self.shape)
        given, self.sloped = (x(*self.at, 0.0).keys() for x in (eq.values, eq.slopes))
        self.end = {
            key: np.take(nodes, key[2], key[1]).ravel()
            for key in (*given, *self.sloped)
        }
        self.free = np.ones((eq.states, nodes.size), bool)
        for key in given:
            self.free[key[0], self.end[key]] = False

    def fill(self, values):
        """Numbers and arrays, each as an array over all nodes."""
        return np.array([np.broadcast_to(v, self.free.shape[1]) for v in values], float)

    def complete(self, t, y):
        """All values, those that the boundary gives included."""
        u = np.zeros(self.free.shape)
        u[self.free] = y
        for key, value in self.eq.values(*self.at, t).items():
            u[key[0], self.end[key]] = self.fill([value])[0, self.end[key]]
        return u

    def slopes(self, t, u):
        """The slopes that the boundary gives by axis and state; their changes."""
        found = np.zeros((2, len(self.shape), *u.shape))
        for key, (value, factor) in self.eq.slopes(*self.at, t).items():
            pair = self.fill([value + factor * u[key[0]], factor])
            found[:, key[1], key[0], self.end[key]] = pair[:, self.end[key]]
        return found

    def operator(self, orders, accuracy, known, lean=0):
        """What takes values, and slopes at the ends if known, to a derivative."""
        made = []
        for x, order, around, ends in zip(self.places, orders, self.eq.periodic, known):
            if order:
                made.append(differences(x, order, accuracy, around, ends, lean))
            else:
                made.append((sparse.identity(len(x)),) * 2)
        return [reduce(sparse.kron, matrices).tocsr() for matrices in zip(*made)]

    def known(self, states):
        """For the ends of each axis, whether the slopes of states are known there."""
        axes = range(len(self.shape))
        return [
            [all((s, axis, end) in self.sloped for s in states) for end in (0, -1)]
            for axis in axes
        ]

    def profile(self, t, y):
        """The unknowns on the whole grid, periodic ends included."""
        u = self.complete(t, y)[list(self.eq.unknowns)].reshape(-1, *self.shape)
        return np.pad(
            u, [(0, 0), *((0, int(p)) for p in self.eq.periodic)], mode="wrap"
        )


class Jets:
    """The derivatives by space that an equation reads, as differences on a grid."""

    def __init__(self, grid, accuracy):
        self.grid, self.wanted = grid, grid.eq.jets
        self.operators = [
            grid.operator(orders, accuracy, grid.known([state]))
            for state, orders in self.wanted
        ]

    def values(self, t, u):
        slopes, _ = self.grid.slopes(t, u)
        found = []
        for (state, orders), (on_values, on_slopes) in zip(self.wanted, self.operators):
            found.append(on_values @ u[state])
            if np.count_nonzero(orders) == 1:
                found[-1] += on_slopes @ slopes[np.argmax(orders), state]
        return found

    def changes(self, t, u):
        """How each changes with its state."""
        _, factors = self.grid.slopes(t, u)
        for (state, orders), (on_values, on_slopes) in zip(self.wanted, self.operators):
            if np.count_nonzero(orders) == 1:
                factor = sparse.diags(factors[np.argmax(orders), state])
                on_values = on_values + on_slopes @ factor
            yield on_values


def discretize(eq, points, accuracy=2, parts=()):
    """An equation on an even grid: a system for the values at its nodes, differences in
    place of derivatives by space. What the boundary gives is no part of the system."""
    grid = Grid(eq, points)
    made = [part(grid, accuracy) for part in (laws, *parts)]

    def rate(t, y):
        u = grid.complete(t, y)
        return sum(rates(t, u) for rates, _ in made)[grid.free]

    def jacobian(t, y):
        u = grid.complete(t, y)
        whole = sum(sparse.bmat(changes(t, u), "csr") for _, changes in made)
        free = grid.free.ravel()
        return whole[free][:, free].tocsc()

    def field(solution):
        return on_grid(grid.whole, lambda t: grid.profile(t, solution(t)), eq.time_axis)

    start = grid.fill(eq.start(*grid.at))[grid.free]
    return System(grid.span, start, rate, jacobian, 1.0, field)


def laws(grid, accuracy):
    """The rates by the laws at each node, and how they change with each state."""
    eq, jets = grid.eq, Jets(grid, accuracy)

    def rates(t, u):
        return grid.fill(eq.rates(*grid.at, t, *jets.values(t, u)))

    def changes(t, u):
        none = sparse.csr_matrix((grid.free.shape[1],) * 2)
        found = [[none] * eq.states for _ in range(eq.states)]
        changed = list(jets.changes(t, u))
        table = eq.jacobian(*grid.at, t, *jets.values(t, u))
        for row, factors in zip(found, map(grid.fill, table)):
            for (state, _), factor, change in zip(eq.jets, factors, changed):
                row[state] = row[state] + sparse.diags(factor) @ change
        return found

    return rates, changes


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


def lines(eq):
    """The method of lines."""
    return integrate(discretize(eq, 65), "Radau", 1e-06)


def true_fields(folder):
    """The places and the true answers to field, by the module beside this program."""
    module = Path(__file__).with_name("rods_references_d3cbd3.py")
    return runpy.run_path(str(module))["references"](folder)


def report(event, **facts):
    """Print one JSON object on a line of its own."""
    print(json.dumps({"event": event, **facts}), flush=True)


def main():
    """Solve, judge, and write the results."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=0, help="of what is drawn")
    parser.add_argument("--out", type=Path, default=Path("results"), help="folder of result.json")
    parser.add_argument("--device", choices=["cpu"], default="cpu", help="where to run")
    here = Path(__file__).parent
    parser.add_argument("--fixtures", type=Path, default=here, help="folder of kept references")
    args = parser.parse_args()
    for name in ["rods_references_d3cbd3.py", "sail_fixtures.py"]:
        if not (here / name).exists():
            parser.error(f"references need {here / name}, which `sailc emit -o` writes")
    try:
        args.out.mkdir(parents=True, exist_ok=True)
    except OSError as refused:
        parser.error(f"--out {args.out}: {refused}")
    report("start", scenario=SCENARIO, versions=VERSIONS, seed=args.seed, device="cpu")
    points = load()
    places, field_truths = true_fields(args.fixtures)

    start = time.perf_counter()
    outputs = []
    for number, eq in enumerate(points, 1):
        outputs.append(lines(eq))
        seconds = time.perf_counter() - start
        report("answer", answer=number, answers=len(points), seconds=seconds)
    test_time = time.perf_counter() - start

    rng = np.random.default_rng(args.seed)  # whatever a solver drew, it is judged at these places

    field_answers = np.stack([field(*grid) for field, grid in zip(outputs, places)])
    law_answers = np.stack([residual(eq, field, 100, rng) for eq, field in zip(points, outputs)])
    law_truths = np.full(law_answers.shape, 0.0)
    run = {
        "test": {"time": test_time, "count": len(points)},
        "model": {"parameters": 0},
    }
    metrics = {
        "mean_error": float(np.abs(field_answers - field_truths).mean()),
        "mean_error(law)": float(np.abs(law_answers - law_truths).mean()),
        "throughput": len(points) / test_time,
    }
    result = {"scenario": SCENARIO, "seed": args.seed, "metrics": metrics, **run}
    (args.out / "result.json").write_text(json.dumps(result, indent=2) + "\n")
    report("result", **result)


if __name__ == "__main__":
    main()
