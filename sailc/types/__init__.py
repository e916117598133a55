"""Types, dimensions and how they unify (CORE.md, sections 1 to 15)."""
