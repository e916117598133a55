"""What is learned, what is made small, and what is scored."""
