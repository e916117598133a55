"""CosmoFlow (MLPerf HPC) at 32³ without dropout: four channels in, four numbers out.

Five 3 × 3 × 3 convolutions of 32, 64, … 512 channels, each followed by a leaky ReLU and pooling.
4,778,788 parameters.
"""

import time
from functools import partial
from itertools import pairwise

import jax
import jax.numpy as jnp
import numpy as np
import optax
from common import arguments, dense, glorot, report

CHANNELS = [4, 32, 64, 128, 256, 512]
LAYOUT = ("NDHWC", "DHWIO", "NDHWC")

args = arguments()
jax.config.update("jax_enable_x64", args.kind == "float64")
rng = np.random.default_rng(args.seed)
pairs = pairwise(CHANNELS)
w = {
    "convolutions": [(glorot(rng, 3, 3, 3, n, k), np.zeros(k)) for n, k in pairs],
    "dense": dense(rng, 512, 128, 64, 4),
}
w = jax.tree.map(lambda a: jnp.asarray(a, args.kind), w)
data = np.load(args.data)
x, y = jnp.asarray(data["x"], args.kind), jnp.asarray(data["y"], args.kind)
optimizer = optax.adam(1e-4)


def model(w, x):
    for kernel, bias in w["convolutions"]:
        x = jax.lax.conv_general_dilated(x, kernel, (1, 1, 1), "SAME", dimension_numbers=LAYOUT)
        x = jax.nn.leaky_relu(x + bias, 0.3)
        n, size, *_, channels = x.shape
        x = x.reshape(n, *3 * (size // 2, 2), channels).max((2, 4, 6))
    x = x.reshape(len(x), -1)
    *hidden, (weight, bias) = w["dense"]
    for a, b in hidden:
        x = jax.nn.leaky_relu(x @ a + b, 0.3)
    return 1.2 * jnp.tanh(x @ weight + bias)


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
