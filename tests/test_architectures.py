"""Networks of published benchmarks, written in SAIL: their parameters and multiply-adds are those
that are published, or were counted elsewhere."""

from __future__ import annotations

from pathlib import Path

import pytest
from support import EXAMPLES, Json, plan_of, sail_json, write_one

# Input, body, parameters, multiply-adds of one point.
NETWORKS: dict[str, tuple[str, str, int, int | None]] = {
    # EM_Denoise of SciML-Bench.
    "Denoise": (
        "256, 256, 1",
        """
        let block(z, c) = z |> conv(c, 3) |> relu |> batch_norm |> conv(c, 3) |> relu |> batch_norm
        let a = block(x, 8)
        let b = block(a |> pool(2), 16)
        let c = block(b |> pool(2), 32)
        let d = block(c |> pool(2), 64)
        let up = upsample(2, kind = corners)
        let e = block(concat(d |> up, c), 32)
        let f = block(concat(e |> up, b), 16)
        let g = block(concat(f |> up, a), 8)
        output y = g |> conv(1, 3)
        """,
        122_737,
        670_040_064,
    ),
    # SLSTR_Cloud of SciML-Bench and MLCommons Science.
    "Clouds": (
        "256, 256, 9",
        """
        let block(z, c) = z |> conv(c, 3) |> relu |> conv(c, 3) |> relu
        let a = block(x, 32)
        let b = block(a |> pool(2), 64)
        let c = block(b |> pool(2), 128)
        let d = block(c |> pool(2), 256)
        let e = block(concat(d |> upsample(2), c), 128)
        let f = block(concat(e |> upsample(2), b), 64)
        let g = block(concat(f |> upsample(2), a), 32)
        output y = g |> conv(1, 1) |> sigmoid
        """,
        1_948_609,
        10_741_612_544,
    ),
    # CosmoFlow of MLPerf HPC.
    "Cosmos": (
        "128, 128, 128, 4",
        """
        let block(z, c) = z |> conv(c, 3) |> leaky_relu(0.3) |> pool(2)
        let z = x |> block(32) |> block(64) |> block(128) |> block(256) |> block(512) |> flat
        let full(z, m) = z |> linear(m) |> leaky_relu(0.3) |> dropout(0.5)
        output y = 1.2 * tanh(z |> full(128) |> full(64) |> linear(4))
        """,
        8_907_556,
        34_431_049_984,
    ),
    # The fully connected network on MNIST.
    "Digits": ("784", "output y = x |> linear(512) |> relu |> linear(10)", 407_050, 406_528),
    # MNIST of SciML-Bench.
    "Strokes": (
        "28, 28, 1",
        """
        let z = x |> conv(32, 3, pad = valid) |> relu |> pool(2) |> flat
        output y = z |> linear(128) |> relu |> linear(10)
        """,
        693_962,
        888_192,
    ),
    # Burgers' equation of Raissi et al. 2019.
    "Burgers": ("2", "output y = x |> repeat(8, linear(20) >> tanh) |> linear(1)", 3_021, None),
    # Schrödinger's equation there.
    "Waves": ("2", "output y = x |> repeat(4, linear(100) >> tanh) |> linear(2)", 30_802, None),
    # The Fourier neural operators of Li et al. 2021, with batch norms.
    "Operator": (
        "256, 2",
        """
        let block(z) = spectral_conv(z, 64, 16) + conv(z, 64, 1) |> batch_norm
        let z = x |> linear(64) |> repeat(3, block >> relu) |> block
        output y = z |> linear(128) |> relu |> linear(1)
        """,
        550_081,
        None,
    ),
    "Darcy": (
        "85, 85, 3",
        """
        let block(z) = spectral_conv(z, 32, 12) + conv(z, 32, 1) |> batch_norm
        let z = x |> linear(32) |> repeat(3, block >> relu) |> block
        output y = z |> linear(128) |> relu |> linear(1)
        """,
        2_368_257,
        None,
    ),
    # Uno of CANDLE, for the area under the dose response curve: expression, then descriptors.
    "Uno": (
        "6212",
        """
        let tower = repeat(3, linear(1000) >> relu)
        let other = repeat(3, linear(1000) >> relu)
        let z = concat(x[0:942] |> tower, x[942:6212] |> other)
        output y = z |> repeat(5, linear(1000) >> relu >> dropout(0.1)) |> linear(1)
        """,
        16_224_001,
        16_213_000,
    ),
    # PyTorch's own layers of the same sizes, with one bias of an LSTM for its two.
    "Series": ("24, 16", "output y = x |> lstm(32) |> gru(8) |> attention(heads = 2)", 7_568, None),
}


def text_of(shape: str, body: str) -> str:
    return f"""
    problem P {{
        let xs = uniform(0, 1, shape = [{shape}]) |> sample(3, seed = 0)
        train x in xs |> first(2): predict x as sum(x)
        test  x in xs |> last(1):  predict x as sum(x)
    }}

    model M {{
        input x: Tensor[real, {shape}]
        {body}
    }}

    trainer t {{
        optimizer sgd(0.1)
        epochs    1
        loss      (a: Tensor[real, ...s], b: real) => mean((a - b) ^ 2)
    }}

    metric off {{
        better lower
        score  (a: Tensor[real, ...s], b: real) => mean((a - b) ^ 2)
        reduce mean
    }}

    benchmark B {{
        problems P
        models   M
        trainers t
        software PyTorch
        metrics  off
    }}
    """


@pytest.mark.parametrize("name", NETWORKS)
def test_counts_are_those_that_are_published(tmp_path: Path, name: str) -> None:
    shape, body, parameters, macs = NETWORKS[name]
    plan = plan_of(write_one(tmp_path, text_of(shape, body)), "B")
    (scenario,) = plan["scenarios"] or pytest.fail(str(plan["excluded"]))
    cost: Json = scenario["cost"]
    assert cost["parameters"] == parameters
    assert macs is None or cost["macs"] == macs


# As torchvision, Kipoi and SeisBench count them, Keras the U-Net, and Hugging Face BERT.
PAPERS = {
    "VGG16": (138_357_544, 15_470_264_320),
    "UNet": (31_030_593, None),
    "DeepSEA": (52_843_119, None),
    "PhaseDetector": (1_741_003, None),
    "BERT": (109_482_240, None),
}


def test_networks_of_five_fields_have_the_sizes_that_are_published() -> None:
    plan = plan_of(EXAMPLES / "architectures.sail", "architectures")
    counts = {s["model"]: s["cost"] for s in plan["scenarios"]}
    assert set(counts) == set(PAPERS)
    for name, (parameters, macs) in PAPERS.items():
        assert counts[name]["parameters"] == parameters
        assert macs is None or counts[name]["macs"] == macs


def test_labels_of_places_are_embedded_where_the_model_computes(tmp_path: Path) -> None:
    """As BERT does: `indices` in a model are made on the backend."""
    body = "output y = sum(embedding(indices(x), 4, 2) * unsqueeze(x), axis = 0)"
    path = write_one(
        tmp_path, text_of("4", body).replace("software PyTorch", "software PyTorch, JAX")
    )
    runs = sail_json("run", path, "B")["runs"]
    assert [r["status"] for r in runs] == ["ran", "ran"]
