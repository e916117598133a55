"""The U-Net of SLSTR cloud masks: 256 × 256 × 9 pictures, one logit a pixel; 1,948,609 parameters.

Two 3 × 3 convolutions a block (32, 64, 128, 256 channels), pooling down, nearest neighbors up.
"""

import time
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import optax
from common import arguments, glorot, report

LAYOUT = ("NHWC", "HWIO", "NHWC")

args = arguments()
jax.config.update("jax_enable_x64", args.kind == "float64")
rng = np.random.default_rng(args.seed)


def drawn(size, n, k):
    return glorot(rng, size, size, n, k), np.zeros(k)


def block(n, k):
    return [drawn(3, n, k), drawn(3, k, k)]


w = {
    "down": [block(9, 32), block(32, 64), block(64, 128)],
    "bottom": block(128, 256),
    "up": [block(384, 128), block(192, 64), block(96, 32)],
    "last": drawn(1, 32, 1),
}
w = jax.tree.map(lambda a: jnp.asarray(a, args.kind), w)
data = np.load(args.data)
x, y = jnp.asarray(data["x"], args.kind), jnp.asarray(data["y"], args.kind)
optimizer = optax.adam(1e-3)


def convolved(layer, x):
    kernel, bias = layer
    return jax.lax.conv_general_dilated(x, kernel, (1, 1), "SAME", dimension_numbers=LAYOUT) + bias


def through(block, x):
    for layer in block:
        x = jax.nn.relu(convolved(layer, x))
    return x


def model(w, x):
    known = []
    for part in w["down"]:
        known.append(through(part, x))
        n, h, k, c = known[-1].shape
        x = known[-1].reshape(n, h // 2, 2, k // 2, 2, c).max((2, 4))
    x = through(w["bottom"], x)
    for part in w["up"]:
        x = jnp.repeat(jnp.repeat(x, 2, 1), 2, 2)
        x = through(part, jnp.concatenate([x, known.pop()], -1))
    return convolved(w["last"], x)[..., 0]


@partial(jax.jit, donate_argnums=(0, 1))
def step(w, state, x, y, index):
    def loss_of(w):
        return optax.sigmoid_binary_cross_entropy(model(w, x[index]), y[index]).mean()

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
