"""How programs read their points, and call what is outside."""
