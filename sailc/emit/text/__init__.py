"""From the code tree to Python's text: rows, expressions, functions, whole files."""
