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
        UnknownExercise: there is none; the message lists what there is, and what could not be loaded.
    """
    for exercise in EXERCISES:
        if name in (exercise.name, exercise.title):
            return exercise
    known = ", ".join(exercise.title for exercise in EXERCISES)
    raise UnknownExercise("; ".join((f"no exercise is called {name!r}; there are: {known}", *FAULTS)))


def require_all() -> None:
    """See that every exercise that anybody has declared is there.

    Raises:
        AuthorError: one could not be loaded, or cannot be told from another.
    """
    if FAULTS:
        raise AuthorError(FAULTS[0])


def _own_modules() -> Iterator[ModuleType]:
    for found in pkgutil.iter_modules(__path__, f"{__name__}."):
        yield importlib.import_module(found.name)


def _added_modules(faults: list[str]) -> Iterator[ModuleType]:
    """The modules of somebody else's packages; what is wrong with one is a sentence in `faults`.

    Nothing is raised here, where everything is imported from: whoever runs a command is told in a sentence,
    and a notebook that needs none of these modules goes on.
    """
    for point in entry_points(group=ENTRY_POINTS):
        try:
            module = importlib.import_module(point.module)
            problem = "" if _held_by(module) else "there is no Exercise in it"
        except (Exception, SystemExit) as error:  # a module of somebody else's may raise anything
            problem = " ".join(f"{type(error).__name__}: {error}".split())
        if not problem:
            yield module
            continue
        faults.append(
            f"the exercises of {point.name} cannot be loaded from {point.value}: {problem}; "
            f"repair or uninstall the package that declares them under {ENTRY_POINTS}"
        )


def _held_by(module: ModuleType) -> list[Exercise]:
    return [value for value in vars(module).values() if isinstance(value, Exercise)]


def _in_teaching_order(modules: Iterable[ModuleType], faults: list[str]) -> tuple[Exercise, ...]:
    """Every exercise that a module holds, once; those that the order does not name last, as they come.

    Of two with one name or one title the first is taken, and the other is a sentence in `faults`.
    """
    named: dict[str, Exercise] = {}
    for module in modules:
        for exercise in _held_by(module):
            names = (exercise.name, exercise.title)
            taken = [name for name in names if named.get(name, exercise) is not exercise]
            faults += [
                f"two exercises are called {name}: give the one in {module.__file__} another name"
                for name in taken[:1]
            ]
            named.update(dict.fromkeys(() if taken else names, exercise))
    places = {title: place for place, title in enumerate(TEACHING_ORDER)}
    exercises = dict.fromkeys(named.values())  # each has two names
    return tuple(sorted(exercises, key=lambda exercise: places.get(exercise.title, len(places))))


_faults: list[str] = []
_MODULES = (*_own_modules(), *_added_modules(_faults))
#: In teaching order, one assignment after the other.
EXERCISES = _in_teaching_order(_MODULES, _faults)
#: What is wrong with exercises that are declared and not among these, a sentence each.
FAULTS = tuple(_faults)
#: Where they are defined.
FILES = tuple(Path(module.__file__) for module in _MODULES if module.__file__)
