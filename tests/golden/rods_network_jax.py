"""Rods, answered by Network, on JAX.

Rods: Rods that conduct heat more and less well.
Network: A network that is fitted to the equation itself.
phi.MLP.width = 64, phi.MLP.depth = 1, phi.MLP.activation = tanh

Written by sailc 0.1.0 from heat.sail. It needs jax, optax, numpy, scipy, and no sailc.
"""

import argparse
import json
import math
import runpy
import time
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path
from platform import python_version

import jax
import jax.numpy as jnp
import numpy as np
import optax
from scipy.stats import qmc

SCENARIO = "93b5518d9e02"
VERSIONS = {
    p: version(p) for p in ["jax", "optax", "numpy", "scipy"]
} | {"python": python_version()}
EPOCHS = 100
ADAM = optax.adam(0.01)
PHASES = 100 * [(ADAM, 1)]


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Heat:
    """The equation Heat, of u(x, t)."""

    conductivity: float

    def domain(self):
        """The ends of x, t."""
        return [(0, 1), (0, 1)]

    def sides(self):
        """Where each condition holds: which variable is fixed, and at what."""
        return [(1, [0]), (0, [0]), (0, [1])]

    def laws(self, field, x, t):
        """What the laws leave over for a field, left minus right sides."""
        conductivity = self.conductivity

        def first(x, t):
            u, back = jax.vjp(lambda x, t: field(jnp.stack([x, t], axis=-1))[:, 0], x, t)
            u_x, u_t = back(jnp.ones_like(u))
            return u_x, u_t

        (_, u_t), (u_xx, _) = jax.jvp(first, (x, t), (jnp.ones_like(x), jnp.zeros_like(t)))
        return (u_t - conductivity * u_xx)[..., None]

    def conditions(self, field, places):
        """What the conditions leave over for a field, each at its places."""
        (x, t), (x_2, t_2), (x_3, t_3) = places
        u = field(jnp.stack([x, t], axis=-1))[:, 0]
        u_2 = field(jnp.stack([x_2, t_2], axis=-1))[:, 0]
        _, u_x = jax.jvp(
            lambda x_3, t_3: field(jnp.stack([x_3, t_3], axis=-1))[:, 0],
            (x_3, t_3),
            (jnp.ones_like(x_3), jnp.zeros_like(t_3)),
        )
        return jnp.concatenate([u - jnp.sin(math.pi * x), u_2, u_x], axis=-1)


def load():
    """What is asked about, one after another."""
    return [Heat(c) for c in np.random.default_rng(1).uniform(0.1, 1, (3,))]


def collocation(domain, n, rng):
    """Places inside a domain, spread evenly: a Latin hypercube (McKay et al. 1979)."""
    low, high = np.array(domain, dtype=float).T
    drawn = qmc.LatinHypercube(len(domain), rng=rng).random(n)
    return list((low + drawn * (high - low)).T)


def borders(eq, n, rng):
    """Places where the conditions hold, n in all; of a periodic one, on both sides."""
    found = []
    for i, (axis, ends) in enumerate(eq.sides()):
        drawn = collocation(eq.domain(), max(1, (n + i) // len(eq.sides())), rng)
        for end in ends:
            held = np.full_like(drawn[axis], end)
            found.append([*drawn[:axis], held, *drawn[axis + 1 :]])
    return found


def init(rng):
    """Weights uniform within sqrt(6 / (inputs + outputs)) (Glorot and Bengio 2010), biases 0."""
    shapes = {"phi_hidden": (2, 64), "phi_y": (64, 1)}
    w = {}
    for name, (n, m) in shapes.items():
        bound = math.sqrt(6 / (n + m))
        w[f"{name}.weight"] = rng.uniform(-bound, bound, (n, m))
        w[f"{name}.bias"] = np.zeros(m)
    return w


def phi(w, points):
    """The field at some points."""
    phi_hidden = points @ w["phi_hidden.weight"] + w["phi_hidden.bias"]
    return jnp.tanh(phi_hidden) @ w["phi_y.weight"] + w["phi_y.bias"]


def loss(w, eq, inside, border):
    """What Network makes small."""
    laws = eq.laws(partial(phi, w), *inside)
    conditions = eq.conditions(partial(phi, w), border)
    return (laws ** 2).mean() + (conditions ** 2).mean()


@partial(jax.jit, static_argnums=(0, 1))
def advance(optimizer, steps, w, state, eq, inside, border):
    """Some steps of an optimizer on all places, and the loss before the first of them."""

    def left(w):
        return loss(w, eq, inside, border)

    def step(_, known):
        w, state, _ = known
        value, gradient = jax.value_and_grad(left)(w)
        updates, state = optimizer.update(gradient, state, w)
        return optax.apply_updates(w, updates), state, value

    return jax.lax.fori_loop(0, steps, step, (w, state, jnp.float32(0)))


@dataclass
class Solution:
    """A field that was fitted: of NumPy's coordinates, it gives NumPy's values."""

    w: dict

    def __call__(self, *coordinates):
        points = np.stack(np.broadcast_arrays(*coordinates), axis=-1)
        flat = jnp.asarray(points.reshape(-1, points.shape[-1]), dtype=jnp.float32)
        values = np.asarray(phi(self.w, flat), dtype=np.float64)
        return values.reshape(*points.shape[:-1], -1)


def residual(eq, field, n, rng):
    """What the laws leave over for a fitted field, at n places inside the domain."""
    places = [jnp.asarray(x, dtype=jnp.float32) for x in collocation(eq.domain(), n, rng)]
    left = eq.laws(partial(phi, field.w), *places)
    return np.asarray(left, dtype=np.float64)


def network(eq, rng, phases=PHASES):
    """A network that is fitted to the equation itself."""

    def array(values):
        return jnp.asarray(values, dtype=jnp.float32)

    w = {name: array(value) for name, value in init(rng).items()}
    inside = [array(x) for x in collocation(eq.domain(), 200, rng)]
    border = [[array(x) for x in at] for at in borders(eq, 60, rng)]
    start, before = time.perf_counter(), None
    for epoch, (optimizer, steps) in enumerate(phases, start=1):
        if optimizer is not before:
            state, before = optimizer.init(w), optimizer
        w, state, value = advance(optimizer, steps, w, state, eq, inside, border)
        mean_loss = value.item()
        if not math.isfinite(mean_loss):
            raise FloatingPointError(f"the loss is {mean_loss} after epoch {epoch}")
        seconds = time.perf_counter() - start
        if phases is PHASES:
            report("epoch", epoch=epoch, epochs=EPOCHS, loss=mean_loss, seconds=seconds)
    return Solution(w)


def true_fields(folder):
    """The places and the true answers to field, by the module beside this program."""
    module = Path(__file__).with_name("rods_references_d3cbd3.py")
    return runpy.run_path(str(module))["references"](folder)


def report(event, **facts):
    """Print one JSON object on a line of its own."""
    print(json.dumps({"event": event, **facts}), flush=True)


def main():
    """Solve, judge, and write the results."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=0, help="of what is drawn")
    parser.add_argument("--out", type=Path, default=Path("results"), help="folder of result.json")
    parser.add_argument("--device", default="cpu", help="where to run")
    here = Path(__file__).parent
    parser.add_argument("--fixtures", type=Path, default=here, help="folder of kept references")
    args = parser.parse_args()
    for name in ["rods_references_d3cbd3.py", "sail_fixtures.py"]:
        if not (here / name).exists():
            parser.error(f"references need {here / name}, which `sailc emit -o` writes")
    try:
        jax.config.update("jax_default_device", jax.devices(args.device)[0])
        args.out.mkdir(parents=True, exist_ok=True)
    except (OSError, RuntimeError) as refused:
        parser.error(f"--device {args.device}, --out {args.out}: {refused}")
    report("start", scenario=SCENARIO, versions=VERSIONS, seed=args.seed, device=args.device)
    rng = np.random.default_rng(args.seed)
    points = load()
    places, field_truths = true_fields(args.fixtures)

    # Compiling is timed apart from solving: an epoch of each optimizer is done, and forgotten.
    start = time.perf_counter()
    network(points[0], np.random.default_rng(0), [*dict.fromkeys(PHASES)])
    compile_time = time.perf_counter() - start
    report("compile", seconds=compile_time)

    start = time.perf_counter()
    outputs = []
    for number, eq in enumerate(points, 1):
        outputs.append(network(eq, rng))
        seconds = time.perf_counter() - start
        report("answer", answer=number, answers=len(points), seconds=seconds)
    test_time = time.perf_counter() - start

    rng = np.random.default_rng(args.seed)  # whatever a solver drew, it is judged at these places

    field_answers = np.stack([field(*grid) for field, grid in zip(outputs, places)])
    law_answers = np.stack([residual(eq, field, 100, rng) for eq, field in zip(points, outputs)])
    law_truths = np.full(law_answers.shape, 0.0)
    run = {
        "compile": {"time": compile_time},
        "test": {"time": test_time, "count": len(points)},
        "model": {"parameters": sum(value.size for value in outputs[0].w.values())},
    }
    metrics = {
        "mean_error": float(np.abs(field_answers - field_truths).mean()),
        "mean_error(law)": float(np.abs(law_answers - law_truths).mean()),
        "throughput": len(points) / test_time,
    }
    result = {"scenario": SCENARIO, "seed": args.seed, "metrics": metrics, **run}
    (args.out / "result.json").write_text(json.dumps(result, indent=2) + "\n")
    report("result", **result)


if __name__ == "__main__":
    main()
