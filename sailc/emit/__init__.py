"""Writing programs: rows, expressions and statements as Python text."""
