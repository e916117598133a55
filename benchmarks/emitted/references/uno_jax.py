"""CANDLE Uno, AUC configuration without dropout: two towers of three layers of 1,000, five on top.

Features 942 + 5,270, one answer; 16,224,001 parameters.
"""

import time
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import optax
from common import arguments, dense, report

SPLIT = 942

args = arguments()
jax.config.update("jax_enable_x64", args.kind == "float64")
rng = np.random.default_rng(args.seed)
w = {
    "cell": dense(rng, 942, 1000, 1000, 1000),
    "drug": dense(rng, 5270, 1000, 1000, 1000),
    "top": dense(rng, 2000, *[1000] * 5, 1),
}
w = jax.tree.map(lambda a: jnp.asarray(a, args.kind), w)
data = np.load(args.data)
x, y = jnp.asarray(data["x"], args.kind), jnp.asarray(data["y"], args.kind)
optimizer = optax.adam(1e-4)


def layers(pairs, x):
    """Linear layers, each followed by a ReLU."""
    for weight, bias in pairs:
        x = jax.nn.relu(x @ weight + bias)
    return x


def model(w, x):
    towers = [layers(w["cell"], x[:, :SPLIT]), layers(w["drug"], x[:, SPLIT:])]
    *top, (weight, bias) = w["top"]
    return (layers(top, jnp.concatenate(towers, 1)) @ weight + bias)[:, 0]


@partial(jax.jit, donate_argnums=(0, 1))
def step(w, state, x, y, index):
    def loss_of(w):
        return ((model(w, x[index]) - y[index]) ** 2).mean()

    loss, gradient = jax.value_and_grad(loss_of)(w)
    updates, state = optimizer.update(gradient, state, w)
    return optax.apply_updates(w, updates), state, loss


state = optimizer.init(w)
jax.block_until_ready(step(*jax.tree.map(jnp.copy, (w, state)), x, y, np.arange(args.batch)))

losses = []
start = time.perf_counter()
for _ in range(args.epochs):
    total = []
    for index in rng.permutation(len(y)).reshape(-1, args.batch):
        w, state, loss = step(w, state, x, y, index)
        total.append(loss)
    losses.append(jnp.stack(total).mean().item())
report(losses, time.perf_counter() - start)
