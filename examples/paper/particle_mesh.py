"""Boxes of matter in the universe: a particle mesh beside `cosmology.sail`.

Particles start on a lattice, displaced to first order (Zel'dovich 1970) by a Gaussian field with
the power spectrum of Eisenstein & Hu (1998), which `sigma_8` normalizes, and fall under
their own gravity in an expanding flat universe: kicks and drifts in the scale factor
(Quinn et al. 1997; Klypin & Holtzman 1997), forces by fast Fourier transforms on the mesh.

Lengths are in Mpc/h and boxes are 8 Mpc/h a cell; times in 1/H0.
"""

import itertools

import numpy as np

CELL = 8.0  # Mpc/h
STEPS = 10  # from z = 9 to now: enough for the large scales that the parameters show in
START = 0.1  # the scale factor at the start
HUBBLE = 0.7
BARYONS = 0.049


def run(omega_m, sigma_8, n_s, size):
    """The density today over its mean, of shape (size, size, size).

    The phases are drawn from the parameters, so that the same universe is the same box.
    """
    phases = np.random.default_rng([int(p * 2**40) for p in (omega_m, sigma_8, n_s)])
    displacement = _displacement(_field(phases, omega_m, sigma_8, n_s, size))
    lattice = np.stack(np.meshgrid(*[np.arange(size)] * 3, indexing="ij"), axis=-1)
    growth = _growth(START, omega_m) / _growth(1.0, omega_m)
    position = lattice + growth * displacement
    speed = START**2 * _expansion(START, omega_m) * _rate(START, omega_m) * growth
    momentum = speed * displacement
    position = _evolve(position.reshape(-1, 3), momentum.reshape(-1, 3), omega_m, size)
    return _density(_clouds(position, size), size).astype(np.float32)


def _evolve(position, momentum, omega_m, size):
    """Kick, drift, kick in equal steps of the scale factor. Positions are in cells, momenta are
    a^2 dx/dt."""
    edges = np.linspace(START, 1.0, STEPS + 1)
    force = _force(position, omega_m, size)
    for a, b in itertools.pairwise(edges):
        middle = (a + b) / 2
        momentum = momentum + force * (middle - a) / _pace(a, omega_m) / a
        position = position + momentum * (b - a) / _pace(middle, omega_m) / middle**2
        force = _force(position, omega_m, size)
        momentum = momentum + force * (b - middle) / _pace(b, omega_m) / b
    return position % size


def _pace(a, omega_m):
    """da/dt in units of H0."""
    return a * _expansion(a, omega_m)


def _expansion(a, omega_m):
    """H / H0 of a flat universe of matter and a cosmological constant."""
    return np.sqrt(omega_m / a**3 + 1 - omega_m)


def _growth(a, omega_m):
    """The growing mode (Heath 1977), not normalized."""
    steps = (np.arange(2000) + 0.5) * a / 2000
    return _expansion(a, omega_m) * np.mean((steps * _expansion(steps, omega_m)) ** -3.0) * a


def _rate(a, omega_m):
    """dln(growth) / dln(a), in Linder's (2005) approximation."""
    return (omega_m / a**3 / _expansion(a, omega_m) ** 2) ** 0.55


def _force(position, omega_m, size):
    """Minus the gradient of the potential at the particles, but for the factor 1/a."""
    wave = _wave_numbers(size)
    square = sum(k**2 for k in wave)
    square[0, 0, 0] = 1.0
    clouds = _clouds(position, size)
    potential = -1.5 * omega_m * np.fft.rfftn(_density(clouds, size) - 1) / square
    meshes = (np.fft.irfftn(-1j * k * potential, (size,) * 3).reshape(-1) for k in wave)
    return np.stack([sum(mesh[i] * share for i, share in clouds) for mesh in meshes], axis=-1)


def _wave_numbers(size):
    """Wave numbers per cell along each axis, as `rfftn` lays them out."""
    full, half = (2 * np.pi * f(size) for f in (np.fft.fftfreq, np.fft.rfftfreq))
    return [full[:, None, None], full[None, :, None], half[None, None, :]]


def _clouds(position, size):
    """The eight cells about each particle, as flat indices, and its shares of them (cloud in
    cell; Hockney & Eastwood 1981)."""
    base = np.floor(position).astype(np.int64)
    upper = position - base
    low, high = base % size * [size**2, size, 1], (base + 1) % size * [size**2, size, 1]
    clouds = []
    for corner in np.ndindex(2, 2, 2):
        cell = sum((high if up else low)[:, axis] for axis, up in enumerate(corner))
        sides = [upper[:, k] if up else 1 - upper[:, k] for k, up in enumerate(corner)]
        clouds.append((cell, sides[0] * sides[1] * sides[2]))
    return clouds


def _density(clouds, size):
    """Particles in each cell, which is the density over its mean: there are as many as cells."""
    total = sum(np.bincount(cell, share, minlength=size**3) for cell, share in clouds)
    return total.reshape(size, size, size)


def _displacement(field):
    """Zel'dovich displacements whose divergence is minus the linear contrast, in cells."""
    size = field.shape[0]
    wave = _wave_numbers(size)
    square = sum(k**2 for k in wave)
    square[0, 0, 0] = 1.0
    modes = np.fft.rfftn(field)
    return np.stack([np.fft.irfftn(1j * k * modes / square, field.shape) for k in wave], -1)


def _field(rng, omega_m, sigma_8, n_s, size):
    """The linear contrast today: white noise with the spectrum's amplitude."""
    wave = np.sqrt(sum(k**2 for k in _wave_numbers(size))) / CELL
    wave[0, 0, 0] = 1.0
    power = _power(wave, omega_m, sigma_8, n_s)
    power[0, 0, 0] = 0.0
    noise = np.fft.rfftn(rng.standard_normal((size,) * 3))
    return np.fft.irfftn(noise * np.sqrt(power / CELL**3), (size,) * 3)


def _power(k, omega_m, sigma_8, n_s):
    """The linear power spectrum today in (Mpc/h)^3, k in h/Mpc."""
    grid = np.geomspace(1e-4, 20, 4000)
    window = 3 * (np.sin(8 * grid) - 8 * grid * np.cos(8 * grid)) / (8 * grid) ** 3
    spectrum = grid**n_s * _transfer(grid, omega_m) ** 2
    variance = np.trapezoid(spectrum * window**2 * grid**3 / (2 * np.pi**2), np.log(grid))
    return sigma_8**2 / variance * k**n_s * _transfer(k, omega_m) ** 2


def _transfer(k, omega_m):
    """Eisenstein & Hu (1998), without wiggles (their equations 26 and 28 to 31)."""
    matter, baryons = omega_m * HUBBLE**2, BARYONS * HUBBLE**2
    share = BARYONS / omega_m
    horizon = 44.5 * np.log(9.83 / matter) / np.sqrt(1 + 10 * baryons**0.75)
    alpha = 1 - 0.328 * np.log(431 * matter) * share + 0.38 * np.log(22.3 * matter) * share**2
    wave = k * HUBBLE  # in 1/Mpc
    shape = omega_m * HUBBLE * (alpha + (1 - alpha) / (1 + (0.43 * wave * horizon) ** 4))
    q = k * (2.7255 / 2.7) ** 2 / shape
    numerator = np.log(2 * np.e + 1.8 * q)
    return numerator / (numerator + (14.2 + 731 / (1 + 62.5 * q)) * q**2)
