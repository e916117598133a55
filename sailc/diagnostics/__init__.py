"""Diagnostics: values with a code, a place, a message and a next step."""
