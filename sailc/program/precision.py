"""How real numbers are stored when a program runs."""

# NumPy's names of how weights and points are stored; in mixed precision a model's own numbers are
# narrower.
PRECISIONS = {"f32": "float32", "f64": "float64", "bf16": "float32"}
