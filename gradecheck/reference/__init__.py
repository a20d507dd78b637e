"""What the right answer is, from two independent oracles, and how exactly a right answer can hit it."""
