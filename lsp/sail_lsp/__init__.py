"""The language server: what the compiler knows about a file, in the editor."""
