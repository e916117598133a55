"""Equations as classes, their solvers, and what these are judged by."""
