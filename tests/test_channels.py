"""PyTorch's programs keep channels where its convolutions want them, from one to the next."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from support import emitted_by, run_here, write_one

from sail_torch.in_place import in_place as written_over
from sailc.emit.text.functions import Code

PROGRAM = """
problem Shapes {
    let images = uniform(0, 1, shape = [8, 8, 2]) |> sample(40, seed = 1)
    train x in images |> first(30): predict x as mean(x)
    test  x in images |> last(10):  predict x as mean(x)
}

/// What is between two convolutions: numbers by themselves, parts side by side, a sum, a mean.
model Branches {
    input  x: Tensor[real, h, w, c]
    let    a = x |> conv(4, 3) |> leaky_relu(0.1)
    let    b = a |> pool(2) |> conv(4, 3) |> tanh |> upsample(2)
    let    z = concat(a, 0.5 * b, a + b) |> conv(2, 3)
    output y: real = mean(z) + mean(a * b) + a[0, 0, 1]
}

trainer once {
    optimizer sgd(1e-5)
    epochs    1
    loss      (answer: real, truth: real) => (answer - truth) ^ 2
}

benchmark b {
    models   Branches
    trainers once
    software PyTorch, JAX
    metrics  mean_error
}
"""


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    path = write_one(tmp_path_factory.mktemp("shapes"), PROGRAM)
    found = emitted_by(path)
    return {"torch" if "import torch" in text else "jax": text for text in found.values()}


def test_channels_move_at_the_ends_alone(texts: dict[str, str]) -> None:
    body = texts["torch"].partition("def branches")[2].partition("def loss")[0]
    front = body.count(".movedim(-1, 1)")
    assert front == 1, body
    assert "dim=1" in body
    assert "F.leaky_relu_(" in body


def test_it_is_the_same_function(texts: dict[str, str], tmp_path: Path) -> None:
    """The same weights and points on both backends, JAX's channels being last throughout."""
    ours, theirs = (
        run_here(text, 3, tmp_path / name)[-1]["metrics"]["mean_error"]
        for name, text in texts.items()
    )
    assert ours == pytest.approx(theirs, rel=1e-5)


STATEMENTS = """
a = F.conv2d(x, weight)
b = torch.relu({b})
c = F.batch_norm(F.conv2d(a, weight), mean, variance)
d = F.leaky_relu({d}, {slope})
e = F.linear(d, matrix)
f = torch.relu(e)
"""


@pytest.mark.parametrize(
    ("b", "d", "slope", "in_place"),
    [
        ("x", "c", "0.1", ["d"]),
        ("F.conv2d(x, weight)", "c", "0.1", ["b", "d"]),
        ("a", "c", "0.1", ["d"]),  # b reads a, which the next line reads, too
        ("x", "c + c", "0.1", []),
        ("c", "c", "0.1", []),
        ("x", "c", "-0.1", []),  # PyTorch tells the gradient from the sign of the result
        ("x", "c", "learned", []),
        ("x", "(lambda: c)()", "0.1", []),
    ],
)
def test_activations_write_over_what_nobody_else_reads(
    b: str, d: str, slope: str, in_place: list[str]
) -> None:
    code: Code = [
        (s.targets[0].id, s.value)
        for s in ast.parse(STATEMENTS.format(b=b, d=d, slope=slope)).body
        if isinstance(s, ast.Assign) and isinstance(s.targets[0], ast.Name)
    ]
    found = {name: ast.unparse(value) for name, value in written_over(code, frozenset())}
    assert [name for name, text in found.items() if "relu_(" in text] == in_place
    kept = {name: ast.unparse(value) for name, value in written_over(code, frozenset("c"))}
    assert "relu_(" not in kept["d"]
