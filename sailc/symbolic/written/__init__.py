"""Functions that programs have in their text, as they stand here: what a program calls
is copied into it, and nothing of this package is imported by one."""
