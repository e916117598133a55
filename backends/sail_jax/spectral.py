"""A layer on Fourier modes, as programs for JAX have it."""

SPECTRAL = '''
def spectral_conv(x, real, imaginary):
    """The lowest Fourier modes along all dimensions of space times learned weights (Li et al.
    2021); the weights' first axis runs over the corners of the spectrum."""
    space = tuple(range(1, x.ndim - 1))
    spectrum = jnp.fft.rfftn(x, axes=space)
    result = jnp.zeros((*spectrum.shape[:-1], real.shape[-1]), spectrum.dtype)
    weight = real + 1j * imaginary
    for corner, ends in enumerate(itertools.product((1, -1), repeat=len(space) - 1)):
        modes = real.shape[1:-2]
        low = [slice(m) if end > 0 else slice(-m, None) for m, end in zip(modes, ends)]
        place = (slice(None), *low, slice(modes[-1]))
        part = spectrum[place]
        own = weight[corner][tuple(slice(n) for n in part.shape[1:-1])]
        result = result.at[place].set(jnp.einsum("b...n,...nc->b...c", part, own))
    return jnp.fft.irfftn(result, s=x.shape[1:-1], axes=space)
'''.strip()
