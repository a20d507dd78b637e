"""The exercises, and the one list that everything reads.

An exercise is a module of this package, which is found by itself. A course author may install more of them
in a package that names its modules under the entry point `gradecheck.exercises`.
"""

import importlib
import pkgutil
from collections.abc import Iterable, Iterator
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType

from gradecheck.errors import AuthorError, UnknownExercise
from gradecheck.exercise import Exercise

#: What a package of exercises of one's own declares its modules under.
ENTRY_POINTS = "gradecheck.exercises"

_UNDERSTANDING_GRADIENTS = ("sigmoid", "softmax", "matmul", "conv2d")
_OPERATIONS = ("negative", "log", "multiply", "add", "reduce_sum", "softmax_batched", "matmul_y")
_GRAPH = ("chain_paths", "register_gradient", "compute_gradients", "gradient_descent", "perceptron")
_SLOPES = ("numerical_gradient", "sigmoid_graph")
_TENSOR_DERIVATIVES = (*_SLOPES, "relu", "jacobian_relu", "jacobian_affine", "affine", "conv2d_x")

#: The titles of the course's exercises, one assignment after the other. One that is not named comes last.
TEACHING_ORDER = (*_UNDERSTANDING_GRADIENTS, *_OPERATIONS, *_GRAPH, *_TENSOR_DERIVATIVES)


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


def _modules() -> Iterator[ModuleType]:
    for found in pkgutil.iter_modules(__path__, f"{__name__}."):
        yield importlib.import_module(found.name)
    for point in entry_points(group=ENTRY_POINTS):
        try:
            yield importlib.import_module(point.module)
        except Exception as error:  # a module of somebody else's may raise anything
            raise AuthorError(
                f"the exercises of {point.name} cannot be loaded: {point.module}: {error}; "
                f"repair or uninstall the package that declares them under {ENTRY_POINTS}"
            ) from error


def _in_teaching_order(modules: Iterable[ModuleType]) -> tuple[Exercise, ...]:
    """Every exercise that a module holds, once; those that the order does not name last, as they come.

    Raises:
        AuthorError: two exercises have one name or one title.
    """
    named: dict[str, Exercise] = {}
    for module in modules:
        for exercise in (value for value in vars(module).values() if isinstance(value, Exercise)):
            for name in (exercise.name, exercise.title):
                if named.setdefault(name, exercise) is not exercise:
                    raise AuthorError(
                        f"two exercises are called {name}: give the one in {module.__file__} another name"
                    )
    places = {title: place for place, title in enumerate(TEACHING_ORDER)}
    exercises = dict.fromkeys(named.values())  # each has two names
    return tuple(sorted(exercises, key=lambda exercise: places.get(exercise.title, len(places))))


_MODULES = tuple(_modules())
#: In teaching order, one assignment after the other.
EXERCISES = _in_teaching_order(_MODULES)
#: Where they are defined.
FILES = tuple(Path(module.__file__) for module in _MODULES if module.__file__)
