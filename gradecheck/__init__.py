"""gradecheck judges gradients that students write by hand, and says what went wrong.

`check(grad_softmax)` in a notebook shows a card; `grade(grad_softmax, points=10)` in a graded cell ends
in points. Importing this package never loads TensorFlow; it sets the two variables that keep
TensorFlow's start silent, so import it first.
"""

import os

from gradecheck.errors import (
    AuthorError,
    CourseNotReady,
    GradecheckError,
    OperatorError,
    OracleDisagreement,
    UnknownExercise,
    UnreadableSubmission,
    WorkerUnavailable,
)
from gradecheck.exercise import Exercise, Mistake, MistakeClass

# isort: split
# Modules of exercises of somebody else's, which the door leads to, may import the names above from here.
from gradecheck.door import Checked, check, grade
from gradecheck.reference.tape import QUIET as _QUIET

__version__ = "0.1.0"

__all__ = [
    "AuthorError",
    "Checked",
    "CourseNotReady",
    "Exercise",
    "GradecheckError",
    "Mistake",
    "MistakeClass",
    "OperatorError",
    "OracleDisagreement",
    "UnknownExercise",
    "UnreadableSubmission",
    "WorkerUnavailable",
    "check",
    "grade",
]

# A line on stderr in a graded cell costs all its points under nbgrader; both variables are needed.
for _name, _value in _QUIET.items():
    os.environ.setdefault(_name, _value)
