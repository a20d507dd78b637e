"""The exercises, and the one list that everything reads. A new exercise is a module and a line here."""

from gradecheck.catalogue.conv2d import CONV2D
from gradecheck.catalogue.matmul import MATMUL
from gradecheck.catalogue.sigmoid import SIGMOID
from gradecheck.catalogue.softmax import SOFTMAX
from gradecheck.errors import UnknownExercise
from gradecheck.exercise import Exercise

#: In teaching order.
EXERCISES: tuple[Exercise, ...] = (SIGMOID, SOFTMAX, MATMUL, CONV2D)


def find_exercise(name: str) -> Exercise:
    """The exercise with that function name ("grad_softmax") or title ("softmax").

    Raises:
        UnknownExercise: there is none; the message lists what there is.
    """
    for exercise in EXERCISES:
        if name in (exercise.name, exercise.title):
            return exercise
    known = ", ".join(exercise.title for exercise in EXERCISES)
    raise UnknownExercise(f"no exercise is called {name!r}; there are: {known}")
