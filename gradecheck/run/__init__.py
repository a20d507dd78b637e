"""Calling a student's function: inline, or in a worker process. Knows nothing of grading."""
