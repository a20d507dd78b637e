"""Handing in: a student's bundle, and everybody's archives on their way into a course."""
