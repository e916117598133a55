"""Motions whose steps are compiled as one."""

_VERLET = '''
def scan_verlet(force, position, mass, step, steps, axis):
    """Positions after each step of a motion from rest (Verlet 1967), velocities being half a step
    ahead of positions."""

    def move(state, share):
        position, velocity = state
        velocity = velocity + force(position) / mass * (share * step)
        position = position + velocity * step
        return (position, velocity), position

    shares = jnp.ones(steps, position.dtype).at[0].set(0.5)
    path = jax.lax.scan(move, (position, jnp.zeros_like(position)), shares)[1]
    return jnp.moveaxis(path, 0, axis)
'''
_RK4 = '''
def scan_rk4(rate, state, step, steps, axis):
    """A state after each step along its rate of change (Kutta 1901)."""

    def move(state, _):
        at_start = rate(state)
        first_half = rate(state + step / 2 * at_start)
        second_half = rate(state + step / 2 * first_half)
        at_end = rate(state + step * second_half)
        state = state + step / 6 * (at_start + 2 * first_half + 2 * second_half + at_end)
        return state, state

    states = jax.lax.scan(move, state, length=steps)[1]
    return jnp.moveaxis(states, 0, axis)
'''
MOTION = {"motion": _VERLET.strip(), "rk4": _RK4.strip()}
