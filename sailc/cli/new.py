"""`sailc new DIR`: a workspace with one program that runs."""

from __future__ import annotations

from pathlib import Path

import click

PROGRAM = """\
// A first program: which is the better teacher of a parabola?

/// Points of a parabola, drawn with a seed.
problem Parabola {
    let points = uniform([-1.0], [1.0]) |> sample(200, seed = 0)

    train x in points |> first(150): predict x as x[0] ^ 2
    test  x in points |> last(50):   predict x as x[0] ^ 2
}

/// Your own model: MLP and Linear come from the standard library.
model Bent {
    suggest width in [16, 32]

    input  x: Tensor[real, n]
    let    hidden = linear(width) >> tanh
    output y: Tensor[real, m] = x |> hidden |> linear(m)
}

benchmark first {
    problems Parabola
    models   Bent, MLP, Linear
    trainers adam_standardized
    metrics  mean_error, training_time
    rankings precision
    seeds    3
}
"""
MARKER = "# The folder of a SAIL workspace: every .sail file in it is part of it.\n"


@click.command()
@click.argument("dir", type=click.Path(path_type=Path, file_okay=False))
def new(dir: Path) -> None:
    """Make DIR a workspace with one program that runs."""
    program = dir / "first.sail"
    for path in (program, dir / "sail.toml"):
        if path.exists():
            raise click.ClickException(f"{path} is there already, and I leave it alone")
    dir.mkdir(parents=True, exist_ok=True)
    program.write_text(PROGRAM, encoding="utf-8")
    (dir / "sail.toml").write_text(MARKER, encoding="utf-8")
    (dir / ".gitignore").write_text(".sail/\n", encoding="utf-8")
    click.echo(f"{program} is ready: sailc run {program}")
