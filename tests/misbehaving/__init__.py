"""Submissions that misbehave, each with the score that it honestly deserves."""
