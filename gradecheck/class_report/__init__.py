"""A graded class: who handed in what, what came of it, and what to teach again."""
