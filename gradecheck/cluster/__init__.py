"""Grading on other machines: what travels, what a worker does with it, and who waits for it."""
