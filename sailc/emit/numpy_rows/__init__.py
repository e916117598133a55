"""NumPy's rows: for what is known at data time (points, fitted statistics, scores), and what the
tests compare the backends' rows with."""

from sailc.emit.numpy_rows import arrays, data, equations, layers
from sailc.emit.numpy_rows.helpers import HELPERS, MODULES
from sailc.emit.text import formulas
from sailc.emit.text.rows import Rows

NUMPY: Rows = {**arrays.ROWS, **layers.ROWS, **data.ROWS, **equations.ROWS, **formulas.ROWS}

__all__ = ["HELPERS", "MODULES", "NUMPY"]
