"""Equations on grids, with NumPy and SciPy: differences in place of derivatives."""

# These are texts for programs, in their style: plain NumPy, without annotations.
# pyright: basic, reportOptionalMemberAccess=false, reportArgumentType=false
# pyright: reportCallIssue=false, reportIndexIssue=false

from __future__ import annotations

import math
from functools import reduce
from itertools import product

import numpy as np
from scipy import sparse
from scipy.interpolate import CubicSpline, RegularGridInterpolator

from sailc.emit.written.equations import System


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


def leaning(grid, accuracy, known):
    """For each axis, first differences that lean to its start and to its end."""
    axes = range(len(grid.shape))
    for axis in axes:
        orders = [int(a == axis) for a in axes]
        yield [grid.operator(orders, accuracy, known, lean) for lean in (-1, 1)]


def spreading(grid, accuracy):
    """For each axis, what leaning differences add to even ones at a speed of one."""
    for left, right in leaning(grid, accuracy, [(False, False)] * len(grid.shape)):
        yield (right[0] - left[0]) / 2


def fastest(speeds):
    """The largest speed at each node: of matrices, (states, states, nodes)."""
    if len(speeds) == 1:
        return np.abs(speeds[0, 0])
    return np.abs(np.linalg.eigvals(np.moveaxis(speeds, -1, 0))).max(axis=-1)


def fluxes(grid, accuracy):
    """The rates that fluxes give, and how they change with each state. A flux is split
    by the fastest speed at its node, and differences lean to where each part comes from
    (Lax and Friedrichs; Shu 1998), so that what leaves a node reaches the next."""
    eq, states = grid.eq, range(grid.eq.states)
    spreads = list(spreading(grid, accuracy))
    evens = [
        [(a + b) / 2 for a, b in zip(*sides)]
        for sides in leaning(grid, accuracy, grid.known(states))
    ]

    def speeds(u):
        return [np.array([grid.fill(row) for row in table]) for table in eq.speeds(*u)]

    def rates(t, u):
        total = np.zeros(u.shape)
        along = zip(evens, spreads, eq.fluxes(*u), speeds(u), grid.slopes(t, u)[0])
        for (on_values, on_slopes), spread, flux, speed, slope in along:
            steep = np.einsum("ijn,jn->in", speed, slope)
            total -= (on_values @ grid.fill(flux).T + on_slopes @ steep.T).T
            total += (spread @ (fastest(speed) * u).T).T
        return total

    def changes(t, u):
        found = [[0 for _ in states] for _ in states]
        along = zip(evens, spreads, speeds(u), grid.slopes(t, u)[1])
        for (on_values, on_slopes), spread, speed, factor in along:
            for i, j in product(states, states):
                there = on_values + on_slopes @ sparse.diags(factor[j])
                found[i][j] = found[i][j] - there @ sparse.diags(speed[i, j])
            for i in states:
                found[i][i] = found[i][i] + spread @ sparse.diags(fastest(speed))
        return found

    return rates, changes


def upwind(grid, accuracy):
    """What first derivatives that lean to where states come from add to even ones, and
    how it changes with each state."""
    eq, jets = grid.eq, Jets(grid, accuracy)
    spreads = list(spreading(grid, accuracy))

    def speeds(t, u):
        table = eq.jacobian(*grid.at, t, *jets.values(t, u))
        for axis in range(len(spreads)):
            found = np.zeros((eq.states, *u.shape))
            for j, (state, orders) in enumerate(eq.jets):
                if sum(orders) == orders[axis] == 1:
                    found[:, state] = grid.fill([row[j] for row in table])
            yield fastest(found)

    def rates(t, u):
        return sum(speed * (s @ u.T).T for speed, s in zip(speeds(t, u), spreads))

    def changes(t, u):
        whole = sum(sparse.diags(speed) @ s for speed, s in zip(speeds(t, u), spreads))
        states = range(eq.states)
        return [[whole if i == j else None for j in states] for i in states]

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
