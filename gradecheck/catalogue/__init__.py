"""The exercises, and the one list that everything reads. A new exercise is a module and a line here."""

from gradecheck.catalogue.add import ADD
from gradecheck.catalogue.affine import AFFINE
from gradecheck.catalogue.conv2d import CONV2D
from gradecheck.catalogue.conv2d_x import CONV2D_X
from gradecheck.catalogue.jacobian_affine import JACOBIAN_AFFINE
from gradecheck.catalogue.jacobian_relu import JACOBIAN_RELU
from gradecheck.catalogue.log import LOG
from gradecheck.catalogue.matmul import MATMUL
from gradecheck.catalogue.matmul_y import MATMUL_Y
from gradecheck.catalogue.multiply import MULTIPLY
from gradecheck.catalogue.negative import NEGATIVE
from gradecheck.catalogue.reduce_sum import REDUCE_SUM
from gradecheck.catalogue.relu import RELU
from gradecheck.catalogue.sigmoid import SIGMOID
from gradecheck.catalogue.softmax import SOFTMAX
from gradecheck.catalogue.softmax_batched import SOFTMAX_BATCHED
from gradecheck.errors import UnknownExercise
from gradecheck.exercise import Exercise

_UNDERSTANDING_GRADIENTS = (SIGMOID, SOFTMAX, MATMUL, CONV2D)
_BACKPROPAGATION = (NEGATIVE, LOG, MULTIPLY, ADD, REDUCE_SUM, SOFTMAX_BATCHED, MATMUL_Y)
_TENSOR_DERIVATIVES = (RELU, JACOBIAN_RELU, JACOBIAN_AFFINE, AFFINE, CONV2D_X)

#: In teaching order, one assignment after the other.
EXERCISES: tuple[Exercise, ...] = (*_UNDERSTANDING_GRADIENTS, *_BACKPROPAGATION, *_TENSOR_DERIVATIVES)


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
