"""The nbgrader plug-in: reads anything, grades in workers, writes scores and comments.

A course uses it with two lines in its nbgrader_config.py:

    from gradecheck.nbgrader import configure
    configure(get_config())
"""

from gradecheck.nbgrader.configuration import configure

__all__ = ["configure"]
