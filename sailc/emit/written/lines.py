"""Equations on a line, with NumPy and SciPy: differences in place of derivatives.

What `grids` does in any number of dimensions, where there is one and the boundary gives
values, or is periodic.
"""

# These are texts for programs, in their style: plain NumPy, without annotations.
# pyright: basic, reportOptionalMemberAccess=false, reportArgumentType=false
# pyright: reportCallIssue=false, reportIndexIssue=false

from __future__ import annotations

import math

import numpy as np
from scipy import sparse
from scipy.interpolate import CubicSpline

from sailc.emit.written.equations import System


def differences(x, order, accuracy, periodic, lean=0):
    """The matrix that takes values at even places x to a derivative there.

    Central differences, or such that lean to one side by a place; one-sided ones near
    the ends. Each is exact for polynomials up to a degree (Fornberg 1988).
    """
    n, h, width = len(x), x[1] - x[0], order + accuracy
    reach = (order + 1) // 2 - 1 + accuracy // 2
    around = np.arange(-reach - (lean < 0), reach + 1 + (lean > 0))

    def weights(offsets):
        powers = np.arange(len(offsets))
        wanted = math.factorial(order) * (powers == order)
        return np.linalg.solve(np.float_power(offsets, powers[:, None]), wanted)

    inside = dict(zip(around, weights(around)))
    if periodic:
        inside |= {o - n * np.sign(o): w for o, w in inside.items() if o}
    matrix = sparse.diags([*inside.values()], [*inside], (n, n), "lil")
    for i in [] if periodic else [*range(-around[0]), *range(n - around[-1], n)]:
        near = np.arange(width) + (0 if i < -around[0] else n - width)
        matrix[i], matrix[i, near] = 0, weights(near - i)
    return matrix.tocsr() / h**order


class Line:
    """Even nodes for an equation: what its boundary gives, which values are free."""

    def __init__(self, eq, points):
        ends = list(eq.domain())
        self.eq = eq
        self.span = ends.pop(eq.time_axis) if eq.time_axis is not None else None
        self.whole = np.linspace(*ends[0], points)
        self.x = self.whole[: points - eq.periodic[0]]
        self.free = np.ones((eq.states, len(self.x)), bool)
        for state, _, end in eq.values(self.x, 0.0):
            self.free[state, end] = False

    def fill(self, values):
        """Numbers and arrays, each as an array over all nodes."""
        return np.array([np.broadcast_to(v, len(self.x)) for v in values], float)

    def complete(self, t, y):
        """All values, those that the boundary gives included."""
        u = np.zeros(self.free.shape)
        u[self.free] = y
        for (state, _, end), value in self.eq.values(self.x, t).items():
            u[state, end] = self.fill([value])[0, end]
        return u

    def derivative(self, order, accuracy, lean=0):
        """What takes values to a derivative."""
        if not order:
            return sparse.identity(len(self.x))
        return differences(self.x, order, accuracy, self.eq.periodic[0], lean)


class Jets:
    """The derivatives by space that an equation reads, as differences on a line."""

    def __init__(self, line, accuracy):
        self.wanted = line.eq.jets
        self.operators = [line.derivative(n, accuracy) for _, (n,) in self.wanted]

    def values(self, u):
        return [d @ u[state] for (state, _), d in zip(self.wanted, self.operators)]


def discretize(eq, points, accuracy=2, parts=()):
    """An equation on even nodes: a system for the values there, differences in place of
    derivatives by space. What the boundary gives is no part of the system."""
    line = Line(eq, points)
    made = [part(line, accuracy) for part in (laws, *parts)]

    def rate(t, y):
        u = line.complete(t, y)
        return sum(rates(t, u) for rates, _ in made)[line.free]

    def jacobian(t, y):
        u = line.complete(t, y)
        whole = sum(sparse.bmat(changes(t, u), "csr") for _, changes in made)
        free = line.free.ravel()
        return whole[free][:, free].tocsc()

    def profile(t, y):
        u = line.complete(t, y)[list(eq.unknowns)]
        return np.pad(u, [(0, 0), (0, int(eq.periodic[0]))], mode="wrap")

    def field(solution):
        return on_line(line.whole, lambda t: profile(t, solution(t)), eq.time_axis)

    start = line.fill(eq.start(line.x))[line.free]
    return System(line.span, start, rate, jacobian, 1.0, field)


def laws(line, accuracy):
    """The rates by the laws at each node, and how they change with each state."""
    eq, jets = line.eq, Jets(line, accuracy)

    def rates(t, u):
        return line.fill(eq.rates(line.x, t, *jets.values(u)))

    def changes(t, u):
        none = sparse.csr_matrix((len(line.x),) * 2)
        found = [[none] * eq.states for _ in range(eq.states)]
        table = eq.jacobian(line.x, t, *jets.values(u))
        for row, factors in zip(found, map(line.fill, table)):
            for (state, _), factor, change in zip(eq.jets, factors, jets.operators):
                row[state] = row[state] + sparse.diags(factor) @ change
        return found

    return rates, changes


def fastest(speeds):
    """The largest speed at each node: of matrices, (states, states, nodes)."""
    if len(speeds) == 1:
        return np.abs(speeds[0, 0])
    return np.abs(np.linalg.eigvals(np.moveaxis(speeds, -1, 0))).max(axis=-1)


def fluxes(line, accuracy):
    """The rates that fluxes give, and how they change with each state. A flux is split
    by the fastest speed at its node, and differences lean to where each part comes from
    (Lax and Friedrichs; Shu 1998), so that what leaves a node reaches the next."""
    eq = line.eq
    left, right = (line.derivative(1, accuracy, lean) for lean in (-1, 1))
    even, spread = (left + right) / 2, (right - left) / 2

    def speeds(u):
        return np.array([line.fill(row) for row in eq.speeds(*u)[0]])

    def rates(t, u):
        carried = line.fill(eq.fluxes(*u)[0])
        return (spread @ (fastest(speeds(u)) * u).T - even @ carried.T).T

    def changes(t, u):
        speed = speeds(u)
        found = [[-even @ sparse.diags(s) for s in row] for row in speed]
        for i in range(eq.states):
            found[i][i] = found[i][i] + spread @ sparse.diags(fastest(speed))
        return found

    return rates, changes


def upwind(line, accuracy):
    """What first derivatives that lean to where states come from add to even ones, and
    how it changes with each state."""
    eq, jets = line.eq, Jets(line, accuracy)
    left, right = (line.derivative(1, accuracy, lean) for lean in (-1, 1))
    spread = (right - left) / 2

    def speed(t, u):
        table = eq.jacobian(line.x, t, *jets.values(u))
        found = np.zeros((eq.states, *u.shape))
        for j, (state, (n,)) in enumerate(eq.jets):
            if n == 1:
                found[:, state] = line.fill([row[j] for row in table])
        return fastest(found)

    def rates(t, u):
        return speed(t, u) * (spread @ u.T).T

    def changes(t, u):
        whole = sparse.diags(speed(t, u)) @ spread
        states = range(eq.states)
        return [[whole if i == j else None for j in states] for i in states]

    return rates, changes


def on_line(nodes, profile, time_axis):
    """A field between the nodes of a line (cubic splines); `profile(t)` are the values
    there, and `time_axis` is which of its variables is t."""

    def field(*coordinates):
        coordinates = np.broadcast_arrays(*coordinates)
        given = [np.ravel(c) for c in coordinates]
        t = given.pop(time_axis) if time_axis is not None else np.zeros(given[0].size)
        (x,) = given
        moments, which = np.unique(t, return_inverse=True)
        spline = CubicSpline(nodes, np.stack([profile(m) for m in moments]), axis=-1)
        piece = np.clip(np.searchsorted(nodes, x, "right") - 1, 0, len(nodes) - 2)
        powers = (x - nodes[piece]) ** np.arange(4)[::-1, None]
        found = np.einsum("pi,pi...->i...", powers, spline.c[:, piece, which])
        return found.reshape(*coordinates[0].shape, -1)

    return field
