"""What a program reads, and the questions and truths that it makes of it."""
