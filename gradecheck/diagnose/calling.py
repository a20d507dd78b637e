"""Telling a call that could not be made from code that stopped; both arrive as an exception."""

from gradecheck.drive.driver import NotAsAsked
from gradecheck.exercise import Exercise
from gradecheck.run.outcome import Raised


def is_not_as_asked(exercise: Exercise, outcome: Raised) -> bool:
    """Whether the driver could not use what it was given; its message is a sentence for the student."""
    return bool(exercise.driver) and outcome.type == NotAsAsked.__name__


def is_another_signature(exercise: Exercise, outcome: Raised) -> bool:
    """Whether the function cannot be called as it should; a driver also calls what the function has made."""
    if outcome.type != "TypeError" or outcome.frame is not None:
        return False
    return not exercise.driver or ("() " in outcome.message and "<locals>" not in outcome.message)
