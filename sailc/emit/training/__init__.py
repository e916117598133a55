"""How programs train and answer: batches, losses, starts, and schedules."""
