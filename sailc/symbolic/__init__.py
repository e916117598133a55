"""Equations and functions as symbols: derivatives, residuals, discretisation.

SymPy is imported by the modules that need it, and by nothing that is imported without an
equation at hand."""
