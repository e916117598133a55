"""Wrinkled flames: the Kuramoto-Sivashinsky equation u_t = -u u_x - u_xx - u_xxxx on a ring."""

import numpy as np

LENGTH = 22.0
"""Of the ring: the shortest on which the flame is chaotic (Cvitanović et al. 2010)."""
STEP = 0.05
PER_FRAME = 10


def film(start: np.ndarray, frames: int) -> np.ndarray:
    """Frames of shape (frames, n), half a unit of time apart, after the start has been forgotten.

    Fourth-order exponential time differencing (Kassam and Trefethen, SIAM J. Sci. Comput. 26
    (2005) 1214), the integrals around a circle in the complex plane.
    """
    n = len(start)
    k = 2 * np.pi / LENGTH * np.arange(n // 2 + 1)
    linear = k**2 - k**4
    half, whole = np.exp(STEP * linear / 2), np.exp(STEP * linear)
    circle = np.exp(1j * np.pi * (np.arange(32) + 0.5) / 32)
    z = STEP * linear[:, None] + circle
    q = STEP * ((np.exp(z / 2) - 1) / z).mean(1).real
    f1 = STEP * ((-4 - z + np.exp(z) * (4 - 3 * z + z**2)) / z**3).mean(1).real
    f2 = STEP * ((2 + z + np.exp(z) * (z - 2)) / z**3).mean(1).real
    f3 = STEP * ((-4 - 3 * z - z**2 + np.exp(z) * (4 - z)) / z**3).mean(1).real
    kept = np.arange(len(k)) < n / 3

    def force(v: np.ndarray) -> np.ndarray:
        return -0.5j * k * np.fft.rfft(np.fft.irfft(v, n) ** 2) * kept

    def step(v: np.ndarray) -> np.ndarray:
        at_v = force(v)
        a = half * v + q * at_v
        at_a = force(a)
        b = half * v + q * at_a
        at_b = force(b)
        c = half * a + q * (2 * at_b - at_v)
        return whole * v + at_v * f1 + 2 * (at_a + at_b) * f2 + force(c) * f3

    v = np.fft.rfft(start - start.mean()) * (k < 2)
    shots = []
    for tick in range(2000 + PER_FRAME * frames):
        if tick >= 2000 and (tick - 2000) % PER_FRAME == 0:
            shots.append(np.fft.irfft(v, n))
        v = step(v)
    return np.array(shots)
