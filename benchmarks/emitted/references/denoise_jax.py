"""The autoencoder of EM_Denoise (SciML-Bench): 256 × 256 pictures without their noise; 122,737
parameters. Two times convolution, ReLU, batch normalization in a block; bilinear up.
"""

import time
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import optax
from common import arguments, glorot, report

LAYOUT = ("NHWC", "HWIO", "NHWC")
MOMENTUM, SMALL = 0.1, 1e-5

args = arguments()
jax.config.update("jax_enable_x64", args.kind == "float64")
rng = np.random.default_rng(args.seed)


def drawn(n, k):
    return {"kernel": glorot(rng, 3, 3, n, k), "bias": np.zeros(k)}


def block(n, k):
    norm = {"scale": np.ones(k), "shift": np.zeros(k)}
    return [drawn(n, k) | norm, drawn(k, k) | norm]


w = {
    "down": [block(1, 8), block(8, 16), block(16, 32)],
    "bottom": block(32, 64),
    "up": [block(96, 32), block(48, 16), block(24, 8)],
    "last": drawn(8, 1),
}
w = jax.tree.map(lambda a: jnp.asarray(a, args.kind), w)
# The running mean and variance of each normalization, in the order of the model.
widths = [8, 8, 16, 16, 32, 32, 64, 64, 32, 32, 16, 16, 8, 8]
running = [(jnp.zeros(k), jnp.ones(k)) for k in widths]
data = np.load(args.data)
x, y = jnp.asarray(data["x"], args.kind), jnp.asarray(data["y"], args.kind)
optimizer = optax.adam(1e-2)


def convolved(w, x):
    found = jax.lax.conv_general_dilated(x, w["kernel"], (1, 1), "SAME", dimension_numbers=LAYOUT)
    return found + w["bias"]


def enlarged(x):
    """Twice as large, bilinear with corners on corners."""
    _, h, k, _ = x.shape
    for axis, size in ((1, h), (2, k)):
        at = jnp.arange(2 * size) * (size - 1) / (2 * size - 1)
        low = jnp.minimum(at.astype(jnp.int32), size - 2)
        share = (at - low).reshape([-1 if i == axis else 1 for i in range(4)])
        below, above = jnp.take(x, low, axis), jnp.take(x, low + 1, axis)
        x = below + share * (above - below)
    return x


def model(w, running, x):
    """Answers in training, and what the normalizations saw."""
    before, seen = iter(running), []

    def through(block, x):
        for layer in block:
            x = jax.nn.relu(convolved(layer, x))
            mean, variance = x.mean((0, 1, 2)), x.var((0, 1, 2))
            n = x.size / x.shape[-1]
            was_mean, was_variance = next(before)
            now = variance * n / (n - 1)
            seen.append((
                was_mean + MOMENTUM * (mean - was_mean),
                was_variance + MOMENTUM * (now - was_variance),
            ))  # fmt: skip
            x = (x - mean) * (layer["scale"] * jax.lax.rsqrt(variance + SMALL)) + layer["shift"]
        return x

    known = []
    for part in w["down"]:
        known.append(through(part, x))
        n, h, k, c = known[-1].shape
        x = known[-1].reshape(n, h // 2, 2, k // 2, 2, c).max((2, 4))
    x = through(w["bottom"], x)
    for part in w["up"]:
        x = through(part, jnp.concatenate([enlarged(x), known.pop()], -1))
    return convolved(w["last"], x), seen


@partial(jax.jit, donate_argnums=(0, 1, 2))
def step(w, running, state, x, y, index):
    def loss_of(w):
        found, seen = model(w, running, x[index])
        return ((found - y[index]) ** 2).mean(), seen

    (loss, seen), gradient = jax.value_and_grad(loss_of, has_aux=True)(w)
    updates, state = optimizer.update(gradient, state, w)
    return optax.apply_updates(w, updates), seen, state, loss


state = optimizer.init(w)
spare = jax.tree.map(jnp.copy, (w, running, state))
jax.block_until_ready(step(*spare, x, y, np.arange(args.batch)))

losses = []
start = time.perf_counter()
for _ in range(args.epochs):
    total = []
    for index in rng.permutation(len(y)).reshape(-1, args.batch):
        w, running, state, loss = step(w, running, state, x, y, index)
        total.append(loss)
    losses.append(jnp.stack(total).mean().item())
report(losses, time.perf_counter() - start)
