"""LeNet on 28 × 28 pictures: two convolutions of 5 × 5, three linear layers."""

import time
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import optax
from common import arguments, dense, glorot, report

args = arguments()
jax.config.update("jax_enable_x64", args.kind == "float64")
rng = np.random.default_rng(args.seed)
kernels = [(glorot(rng, *shape), np.zeros(shape[-1])) for shape in [(5, 5, 1, 6), (5, 5, 6, 16)]]
w = kernels + dense(rng, 784, 120, 84, 10)
w = jax.tree.map(lambda a: jnp.asarray(a, args.kind), w)
data = np.load(args.data)
x = jnp.asarray(data["x"], args.kind)[..., None]
y = jnp.asarray(data["y"], jnp.int32)
optimizer = optax.adam(1e-3)


def model(w, x):
    for kernel, bias in w[:2]:
        layout = ("NHWC", "HWIO", "NHWC")
        x = jax.lax.conv_general_dilated(x, kernel, (1, 1), "SAME", dimension_numbers=layout)
        x = jax.nn.relu(x + bias)
        n, height, width, channels = x.shape
        x = x.reshape(n, height // 2, 2, width // 2, 2, channels).max((2, 4))
    x = x.reshape(len(x), -1)
    for weight, bias in w[2:-1]:
        x = jax.nn.relu(x @ weight + bias)
    return x @ w[-1][0] + w[-1][1]


@partial(jax.jit, donate_argnums=(0, 1))
def step(w, state, x, y, index):
    def loss_of(w):
        found = model(w, x[index])
        return optax.softmax_cross_entropy_with_integer_labels(found, y[index]).mean()

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
