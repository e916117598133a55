"""A sum over sets: eight plain numbers an element, 32 elements, one answer.

A whole epoch is one call.
"""

import time

import jax
import jax.numpy as jnp
import numpy as np
import optax
from common import arguments, dense, report

args = arguments()
jax.config.update("jax_enable_x64", args.kind == "float64")
rng = np.random.default_rng(args.seed)
w = jax.tree.map(
    lambda a: jnp.asarray(a, args.kind), dense(rng, 8, 64, 64) + dense(rng, 64, 64, 1)
)
data = np.load(args.data)
x, y = jnp.asarray(data["x"], args.kind), jnp.asarray(data["y"], args.kind)
optimizer = optax.adam(1e-3)


def loss_of(w, x, y):
    (a, b), (c, d), (e, f), (g, h) = w
    total = (jax.nn.relu(x @ a + b) @ c + d).sum(1)
    found = jax.nn.relu(total @ e + f) @ g + h
    return ((found[:, 0] - y) ** 2).mean()


@jax.jit
def epoch(w, state, x, y, order):
    def step(carried, index):
        w, state = carried
        loss, gradient = jax.value_and_grad(loss_of)(w, x[index], y[index])
        updates, state = optimizer.update(gradient, state, w)
        return (optax.apply_updates(w, updates), state), loss

    (w, state), losses = jax.lax.scan(step, (w, state), order)
    return w, state, losses.mean()


state = optimizer.init(w)
jax.block_until_ready(epoch(w, state, x, y, np.arange(len(y)).reshape(-1, args.batch)))

losses = []
start = time.perf_counter()
for _ in range(args.epochs):
    order = rng.permutation(len(y)).reshape(-1, args.batch)
    w, state, loss = epoch(w, state, x, y, order)
    losses.append(loss.item())
report(losses, time.perf_counter() - start)
