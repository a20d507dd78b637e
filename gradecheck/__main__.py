"""`python -m gradecheck`, where no console script is at hand."""

from gradecheck.cli import main

main()
