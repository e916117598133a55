"""How real numbers are stored when a program runs."""

# NumPy's names of how real numbers are stored.
PRECISIONS = {"f32": "float32", "f64": "float64", "bf16": "bfloat16"}
