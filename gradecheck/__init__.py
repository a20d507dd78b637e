"""gradecheck."""
