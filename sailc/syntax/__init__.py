"""The syntax stage: from a `Source` to a `tree.File`, whole even where the text is broken."""
