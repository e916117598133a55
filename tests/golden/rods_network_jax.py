"""Rods, answered by Network, on JAX.

Rods: Rods that conduct heat more and less well.
Network: A network that is fitted to the equation itself.
phi.MLP.width = 64
phi.MLP.depth = 1
phi.MLP.activation = tanh

Written by sailc 0.1.0 from heat.sail. It needs jax, optax, numpy, scipy, and no sailc:

    python script.py --seed 0 --out results
"""

import argparse
import json
import math
import platform
import time
from dataclasses import dataclass
from functools import partial, reduce
from pathlib import Path
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
import scipy
from scipy import sparse
from scipy.integrate import solve_ivp
from scipy.interpolate import CubicSpline, RegularGridInterpolator
from scipy.stats import qmc

SCENARIO = "93b5518d9e02"
BACKEND = "jax"
VERSIONS = {
    "python": platform.python_version(),
    "jax": jax.__version__,
    "optax": optax.__version__,
    "numpy": np.__version__,
    "scipy": scipy.__version__,
}


@jax.tree_util.register_dataclass
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

    def values(self, x, t):
        """What the boundary gives: a value for (state, axis, end)."""
        return {(0, 0, 0): 0}

    def slopes(self, x, t):
        """What it gives of slopes: value + factor * state for (state, axis, end)."""
        return {(0, 0, -1): (0, 0.0)}

    def laws(self, x, t, u_t, u_xx):
        """What the laws leave over, left minus right sides."""
        conductivity = self.conductivity
        return [u_t - conductivity * u_xx]

    def condition_1(self, x, t, u):
        """What a condition leaves over."""
        return u - jnp.sin(math.pi * x)

    def condition_2(self, x, t, u):
        """What a condition leaves over."""
        return u

    def condition_3(self, x, t, u_x):
        """What a condition leaves over."""
        return u_x

    def conditions(self):
        """Each condition: its variable, its places, the jets that it reads, itself."""
        return [
            (1, [0], (((0, (0, 0)),),), self.condition_1),
            (0, [0], (((0, (0, 0)),),), self.condition_2),
            (0, [1], (((0, (1, 0)),),), self.condition_3),
        ]


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
    conditions = eq.conditions()
    found = []
    for i, (axis, ends, _, _) in enumerate(conditions):
        count = max(1, (n + i) // len(conditions))
        drawn = collocation(eq.domain(), count, rng)
        sides = [
            [np.full(count, end) if j == axis else x for j, x in enumerate(drawn)]
            for end in ends
        ]
        found.append(sides)
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
        derivatives = list(jets.changes(t, u))
        table = eq.jacobian(*grid.at, t, *jets.values(t, u))
        for row, factors in zip(found, map(grid.fill, table)):
            for (state, _), factor, derivative in zip(eq.jets, factors, derivatives):
                row[state] = row[state] + sparse.diags(factor) @ derivative
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


EPOCHS = 100
RATE = 0.01


def init(rng):
    """The learned arrays, as their layers start them."""

    def glorot(*shape):
        """Uniform within sqrt(6 / (inputs + outputs)) (Glorot and Bengio 2010)."""
        *window, n, m = shape
        bound = math.sqrt(6 / (math.prod(window) * (n + m)))
        return rng.uniform(-bound, bound, shape)

    return {
        "phi_hidden.weight": glorot(2, 64),
        "phi_hidden.bias": np.zeros(64),
        "phi_y.weight": glorot(64, 1),
        "phi_y.bias": np.zeros(1),
    }


def phi(w, points):
    """The field at some points."""
    phi_hidden = points @ w["phi_hidden.weight"] + w["phi_hidden.bias"]
    return jnp.tanh(phi_hidden) @ w["phi_y.weight"] + w["phi_y.bias"]


def jets(phi, places, wanted):
    """A field and its derivatives at some places, by automatic derivative: the first ones
    backwards, by all variables at once, each further one forwards over those before it."""
    unknowns = {unknown for unknown, _ in wanted}

    def upto(order, *places):
        if order > 1:
            known, change = jax.linearize(partial(upto, order - 1), *places)
            for axis in range(len(places)):
                along = [jnp.full_like(x, i == axis) for i, x in enumerate(places)]
                changes = change(*along)
                known |= {(*jet, axis): slope for jet, slope in changes.items()}
            return known
        values, back = jax.vjp(lambda *x: phi(jnp.stack(x, axis=-1)), *places)
        known = {(unknown,): values[:, unknown] for unknown in unknowns}
        for unknown in unknowns:
            slopes = back(jnp.zeros_like(values).at[:, unknown].set(1))
            known |= {(unknown, axis): slope for axis, slope in enumerate(slopes)}
        return known

    known = upto(max(sum(orders) for _, orders in wanted), *places)
    axes = [[axis for axis, n in enumerate(orders) for _ in range(n)] for _, orders in wanted]
    return [known[unknown, *by] for (unknown, _), by in zip(wanted, axes)]


def left_over(eq, phi, places):
    """What the laws leave over for a field at some places."""
    return jnp.stack(eq.laws(*places, *jets(phi, places, eq.law_jets)), axis=-1)


def mismatch(eq, phi, border):
    """What the conditions leave over for a field, each at its places."""
    left = []
    for (_, _, wanted, condition), sides in zip(eq.conditions(), border):
        found = [x for at, w in zip(sides, wanted) for x in jets(phi, at, w)]
        left.append(condition(*sides[0], *found))
    return jnp.concatenate(left)


def loss(w, eq, inside, border):
    """What Network makes small."""
    return (
        left_over(eq, partial(phi, w), inside) ** 2
    ).mean() + (mismatch(eq, partial(phi, w), border) ** 2).mean()

ADAM = optax.adam(RATE)
PHASES = 100 * [(ADAM, 1)]


@partial(jax.jit, static_argnums=(0, 1))
def advance(optimizer, steps, w, state, eq, inside, border):
    """Some steps of an optimizer on all places, and the loss before the last of them."""

    def left(w):
        return loss(w, eq, inside, border)

    def step(_, known):
        w, state, _ = known
        value, gradient = jax.value_and_grad(left)(w)
        updates, state = optimizer.update(gradient, state, w)
        return optax.apply_updates(w, updates), state, value

    return jax.lax.fori_loop(0, steps, step, (w, state, jnp.float32(0)))


@dataclass
class Solution:
    """A field that was fitted: of NumPy's coordinates, it gives NumPy's values."""

    w: dict

    def __call__(self, *coordinates):
        points = np.stack(np.broadcast_arrays(*coordinates), axis=-1)
        flat = jnp.asarray(points.reshape(-1, points.shape[-1]), dtype=jnp.float32)
        values = np.asarray(phi(self.w, flat), dtype=np.float64)
        return values.reshape(*points.shape[:-1], -1)


def residual(eq, field, n, rng):
    """What the laws leave over for a fitted field, at n places inside the domain."""
    places = [jnp.asarray(x, dtype=jnp.float32) for x in collocation(eq.domain(), n, rng)]
    left = left_over(eq, partial(phi, field.w), places)
    return np.asarray(left, dtype=np.float64)


def network(eq, rng, device):
    """A network that is fitted to the equation itself."""

    def array(values):
        return jnp.asarray(values, dtype=jnp.float32)

    w = {name: array(value) for name, value in init(rng).items()}
    inside = [array(x) for x in collocation(eq.domain(), 200, rng)]
    border = [
        [[array(x) for x in at] for at in sides]
        for sides in borders(eq, 60, rng)
    ]
    start, before = time.perf_counter(), None
    for epoch, (optimizer, steps) in enumerate(PHASES, start=1):
        if optimizer is not before:
            state, before = optimizer.init(w), optimizer
            state = jax.tree.map(lambda x: jnp.asarray(x, x.dtype), state)
        w, state, value = advance(optimizer, steps, w, state, eq, inside, border)
        mean_loss = value.item()
        if not math.isfinite(mean_loss):
            raise FloatingPointError(f"the loss is {mean_loss} after epoch {epoch}")
        seconds = time.perf_counter() - start
        if epoch % max(1, EPOCHS // 100) == 0:
            report("epoch", epoch=epoch, epochs=EPOCHS, loss=mean_loss, seconds=seconds)
    return Solution(w)


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
    jax.config.update("jax_default_device", jax.devices(args.device)[0])
    report("start", scenario=SCENARIO, versions=VERSIONS, **facts)
    rng = np.random.default_rng(args.seed)
    points = load()
    places, field_truths = zip(*[true_field(eq) for eq in points], strict=True)

    start = time.perf_counter()
    outputs = []
    for number, eq in enumerate(points, 1):
        outputs.append(network(eq, rng, args.device))
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
        "model": {"parameters": sum(value.size for value in outputs[0].w.values())},
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
