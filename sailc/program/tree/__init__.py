"""The code tree and what rewrites it: no backend is written into it, and it knows no types."""
