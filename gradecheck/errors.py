"""Everything that gradecheck raises on purpose.

    GradecheckError
    ├── AuthorError            an exercise, a notebook or the course is wrong
    │   ├── UnknownExercise        no exercise has that name
    │   └── OracleDisagreement     the tape and finite differences differ
    └── OperatorError          the machine, the folder or the command is wrong
        ├── UnreadableSubmission   a file that cannot be read as a notebook or as Python
        ├── WorkerUnavailable      the process that runs answers could not be started or kept alive
        ├── SubmissionLost         one submission could not be graded, through no fault of its own
        └── CourseNotReady         something that grading needs was not made yet

A student's mistake is never an exception: it is an outcome (`gradecheck.run.outcome`) and ends in a
verdict. Each message says what happened, where, and the next thing to type.
"""


class GradecheckError(Exception):
    """The root of the tree; catch this to catch everything that gradecheck raises on purpose."""


class AuthorError(GradecheckError):
    """An exercise, a notebook or the course is wrong; no student can cause it."""


class UnknownExercise(AuthorError):
    """No exercise of the catalogue has that name."""


class OracleDisagreement(AuthorError):
    """The gradient tape and finite differences differ on a case, so neither can be trusted there."""


class OperatorError(GradecheckError):
    """The machine, the folder or the command is wrong; nothing is said about any answer."""


class UnreadableSubmission(OperatorError):
    """A file that can be read neither as a notebook nor as Python."""


class WorkerUnavailable(OperatorError):
    """The process that runs students' code could not be started, or did not answer."""


class SubmissionLost(OperatorError):
    """One submission could not be graded where it was sent; the others are not concerned."""


class CourseNotReady(OperatorError):
    """Something that a course needs is missing: a release, a gradebook, an assignment."""
