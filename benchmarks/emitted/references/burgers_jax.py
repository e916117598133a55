"""The physics-informed network of Raissi et al. (2019) on Burgers' equation, steps of Adam.

Eight hidden layers of 20 tanh; 10,000 places inside and 100 on the border; 3,021 parameters.
"""

import math
import time
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import optax
from common import arguments, dense, report
from scipy.stats import qmc

args = arguments()
jax.config.update("jax_enable_x64", args.kind == "float64")
rng = np.random.default_rng(args.seed)
w = jax.tree.map(lambda a: jnp.asarray(a, args.kind), dense(rng, 2, *[20] * 8, 1))


def places(n):
    """Of shape (n, 2): x from -1 to 1, t from 0 to 1; a Latin hypercube."""
    return np.array([-1, 0]) + qmc.LatinHypercube(2, rng=rng).random(n) * np.array([2, 1])


inside = jnp.asarray(places(10_000), args.kind)
start, left, right = (places(n) for n in (33, 33, 34))
start[:, 1], left[:, 0], right[:, 0] = 0, -1, 1
border = jnp.asarray(np.concatenate([start, left, right]), args.kind)
target = jnp.zeros(100).at[:33].set(-jnp.sin(math.pi * border[:33, 0]))
optimizer = optax.adam(1e-3)


def model(w, place):
    for weight, bias in w[:-1]:
        place = jnp.tanh(place @ weight + bias)
    return (place @ w[-1][0] + w[-1][1])[..., 0]


def left_over(w, place):
    """u u_x + u_t - nu u_xx at one place: the second derivative forwards over the first."""
    slope = jax.value_and_grad(partial(model, w))
    (u, (u_x, u_t)), (_, (u_xx, _)) = jax.jvp(slope, (place,), (jnp.array([1.0, 0.0]),))
    return u * u_x + u_t - 0.01 / math.pi * u_xx


@partial(jax.jit, donate_argnums=(0, 1))
def step(w, state):
    def loss_of(w):
        law = jax.vmap(partial(left_over, w))(inside)
        return (law**2).mean() + ((model(w, border) - target) ** 2).mean()

    loss, gradient = jax.value_and_grad(loss_of)(w)
    updates, state = optimizer.update(gradient, state, w)
    return optax.apply_updates(w, updates), state, loss


state = optimizer.init(w)
jax.block_until_ready(step(*jax.tree.map(jnp.copy, (w, state))))

losses = []
begin = time.perf_counter()
for _ in range(args.epochs):
    w, state, loss = step(w, state)
    losses.append(loss.item())
report(losses, time.perf_counter() - begin)
