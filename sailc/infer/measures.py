"""What of a run can be measured, and in which unit."""

from __future__ import annotations

from collections.abc import Mapping

MEASURES: Mapping[str, str] = {
    "train.time": "s",
    "train.energy": "J",
    "train.flops": "FLOP",
    "train.memory": "B",
    "train.loss": "1",
    "train.epochs": "1",
    "validate.loss": "1",
    "test.time": "s",
    "test.count": "1",
    "test.latency": "s",
    "compile.time": "s",
    "model.parameters": "1",
}

# What is known after every epoch, for curves and for stopping early.
EVERY_EPOCH = frozenset({"train.time", "train.loss", "train.epochs", "validate.loss"})
