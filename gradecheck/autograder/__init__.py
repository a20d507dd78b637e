"""Grading on other services: Gradescope's autograder, and a workflow for GitHub Classroom."""
