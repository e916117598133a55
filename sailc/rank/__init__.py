"""Judging: from runs to a table of summaries, and from a table to an order."""

from sailc.rank.expressions import Evaluator
from sailc.rank.orders import Key, Ranked, order, pareto, prefer, score
from sailc.rank.rows import Cell, Row
from sailc.rank.statistics import Summary, summarize
from sailc.rank.table import table

__all__ = [
    "Cell",
    "Evaluator",
    "Key",
    "Ranked",
    "Row",
    "Summary",
    "order",
    "pareto",
    "prefer",
    "score",
    "summarize",
    "table",
]
