"""Something else was returned: the output, an argument, another argument's gradient, the whole Jacobian.

The formulas depend on what an exercise is, so there is a function for each exercise's entries.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from gradecheck.exercise import Exercise, Float64, Formula, Mistake
from gradecheck.reference.expectation import true_jacobians, true_products

#: From a way to lay out a Jacobian, given dz, to the formula that returns it.
_LaidOut = Callable[[Callable[[Float64, Any], Any]], Formula]
_VALUE = "That is how large z is. How fast does it change?"
_HOLD = "Hold everything else still and nudge one argument. By how much does z move?"
#: Steps that people take down a slope.
_RATES = (1.0, -1.0, 0.1, 0.01, 0.001)


def mistakes_with_arguments(exercise: Exercise) -> tuple[Mistake, ...]:
    """The entries for one exercise."""
    several = _OF_SEVERAL_OUTPUTS if len(exercise.outputs) > 1 else ()
    if exercise.whole_jacobian:
        return (_forward_value(exercise), _argument_returned(exercise), *several)
    return (
        _upstream_handed_on(exercise),
        _forward_value(exercise),
        _forward_value_times_upstream(exercise),
        *_of_another_argument(exercise),
        *(_with_jacobian(exercise) if exercise.truth is None else ()),
        _argument_returned(exercise),
        _own_argument(exercise),
        _updated(exercise),
        *several,
    )


def _settings(exercise: Exercise, arguments: tuple[Any, ...]) -> tuple[Any, ...]:
    return arguments[len(exercise.arguments) :]


def _own(exercise: Exercise, arguments: tuple[Any, ...]) -> list[Any]:
    """The arguments that are differentiated."""
    return [arguments[exercise.arguments.index(name)] for name in exercise.differentiates]


def _z(exercise: Exercise, arguments: tuple[Any, ...]) -> Any:
    inputs = arguments[: len(exercise.inputs)]
    return np.asarray(exercise.forward_numpy(*inputs, *_settings(exercise, arguments)))


def _forward_value(exercise: Exercise) -> Mistake:
    about_slopes = "Each entry is a slope: of one output, along one input."
    return Mistake(
        "forward-value-returned",
        "This is the output of the forward function, not its gradient.",
        _VALUE,
        about_slopes if exercise.whole_jacobian else "Differentiate first; then bring in dz.",
        lambda _vjp, *arguments: _z(exercise, arguments),
        takes_settings=bool(exercise.settings),
        also=(lambda _vjp, *arguments: (_z(exercise, arguments),) * len(exercise.outputs),),
    )


def _forward_value_times_upstream(exercise: Exercise) -> Mistake:
    count = len(exercise.inputs)
    return Mistake(
        "forward-value-times-upstream",
        "This is the output of the forward function times dz; nothing was differentiated.",
        _VALUE,
        "dz is multiplied with the slope, not with the value.",
        lambda _vjp, *arguments: _z(exercise, arguments) * arguments[count],
        takes_settings=bool(exercise.settings),
        also=(
            lambda _vjp, *arguments: (_z(exercise, arguments) * arguments[count],) * len(exercise.outputs),
        ),
    )


def _upstream_handed_on(exercise: Exercise) -> Mistake:
    return Mistake(
        "upstream-handed-on",
        "This is dz itself, handed on unchanged.",
        "What did the forward function do to its input, and where does that show in your answer?",
        "dz says how the loss changes with z. How does z change with the input?",
        lambda _vjp, *arguments: tuple(np.array(arguments[-1]) for _ in exercise.outputs),
    )


def _of_another_argument(exercise: Exercise) -> tuple[Mistake, ...]:
    others = [name for name in exercise.inputs if name not in exercise.differentiates]
    if not others or len(exercise.outputs) > 1:
        return ()

    def gradient_of(name: str) -> Formula:
        asked = replace(exercise, differentiates=(name,))

        def formula(_vjp: object, *arguments: Any) -> Any:
            count = len(exercise.arguments)
            return true_products(asked, arguments[:count], arguments[count:])

        return formula

    first, *more = (gradient_of(name) for name in others)
    return (
        Mistake(
            "gradient-of-other-argument",
            "This is a correct gradient, of another argument.",
            "Which argument does the exercise ask for?",
            "Look at the shape: the answer has one number for each entry of that argument.",
            first,
            takes_settings=bool(exercise.settings),
            also=tuple(more),
        ),
    )


def _with_jacobian(exercise: Exercise) -> tuple[Mistake, ...]:
    def laid_out(order: Callable[[Float64, Any], Any]) -> Formula:
        def formula(_vjp: object, *arguments: Any) -> Any:
            count = len(exercise.arguments)
            matrices = true_jacobians(exercise, arguments[:count], arguments[count:])
            return tuple(order(matrix, arguments[count - 1]) for matrix in matrices)

        return formula

    return _full_jacobian(exercise, laid_out), _jacobian_not_summed(exercise, laid_out)


def _matrix(jacobian: Float64, dz: Any) -> Any:
    """A row for each entry of z, a column for each entry of the argument."""
    return jacobian.reshape(np.size(dz), -1)


def _full_jacobian(exercise: Exercise, laid_out: _LaidOut) -> Mistake:
    return Mistake(
        "full-jacobian",
        "This is the table of all slopes dz[i]/dx[j]. What is asked has the shape of the argument.",
        "How many numbers are in the argument, and how many in your answer?",
        "Bring the Jacobian and dz together, so that the axes of z disappear.",
        laid_out(lambda jacobian, _dz: jacobian),
        takes_settings=bool(exercise.settings),
        also=(
            laid_out(_matrix),
            laid_out(lambda jacobian, dz: _matrix(jacobian, dz).T),
            laid_out(lambda jacobian, dz: np.moveaxis(jacobian, range(dz.ndim), range(-dz.ndim, 0))),
        ),
    )


def _jacobian_not_summed(exercise: Exercise, laid_out: _LaidOut) -> Mistake:
    return Mistake(
        "jacobian-not-summed",
        "Each row of the Jacobian is multiplied by its entry of dz, and nothing is added up.",
        "How many numbers are in the argument, and how many in your answer?",
        "In the Jacobian, a column belongs to one input. How does it become one number?",
        laid_out(lambda jacobian, dz: _matrix(jacobian, dz) * dz.reshape(-1, 1)),
        takes_settings=bool(exercise.settings),
        also=(laid_out(lambda jacobian, dz: (_matrix(jacobian, dz) * dz.reshape(-1, 1)).T),),
    )


def _argument_returned(exercise: Exercise) -> Mistake:
    return Mistake(
        "argument-returned",
        "This is the argument itself, as it came in.",
        "Where in your code is something differentiated?",
        _HOLD,
        lambda _vjp, *arguments: tuple(np.array(a) for a in _own(exercise, arguments)),
    )


def _own_argument(exercise: Exercise) -> Mistake:
    return Mistake(
        "multiplied-by-own-argument",
        "The right gradient is multiplied by the very argument that it belongs to.",
        _HOLD,
        "Somewhere the argument enters once more than it should.",
        lambda vjp, *arguments: tuple(
            g * a for g, a in zip(vjp(*arguments), _own(exercise, arguments), strict=True)
        ),
    )


def _updated(exercise: Exercise) -> Mistake:
    def step(rate: float) -> Formula:
        return lambda vjp, *arguments: tuple(
            a - rate * g for g, a in zip(vjp(*arguments), _own(exercise, arguments), strict=True)
        )

    return Mistake(
        "argument-updated",
        "You return the argument after a step along the gradient.",
        "With dz = 0, what should the answer be, and what is yours?",
        "The gradient alone is asked for; to take a step with it is somebody else's work.",
        step(_RATES[0]),
        also=tuple(step(rate) for rate in _RATES[1:]),
    )


def _reordered(first: int) -> Formula:
    def formula(vjp: Callable[..., tuple[Any, ...]], *arguments: Any) -> tuple[Any, ...]:
        products = vjp(*arguments)
        return (*products[first:], *products[:first])

    return formula


_OF_SEVERAL_OUTPUTS = (
    Mistake(
        "outputs-swapped",
        "These are correct gradients, of other arguments: they stand in the wrong order.",
        "In which order are the gradients asked for?",
        "For each of your answers: which argument would have to be nudged to measure it?",
        lambda vjp, *arguments: tuple(reversed(vjp(*arguments))),
        also=tuple(_reordered(first) for first in (1, 2)),
    ),
    Mistake(
        "first-gradient-for-all",
        "You return the gradient of the first argument for every argument.",
        "Do all arguments matter in the same way?",
        "Hold the first argument still and nudge another one. By how much does z move?",
        lambda vjp, *arguments: (vjp(*arguments)[0],) * len(vjp(*arguments)),
    ),
    Mistake(
        "last-gradient-for-all",
        "You return the gradient of the last argument for every argument.",
        "Do all arguments matter in the same way?",
        "Hold the last argument still and nudge another one. By how much does z move?",
        lambda vjp, *arguments: (vjp(*arguments)[-1],) * len(vjp(*arguments)),
    ),
    Mistake(
        "outputs-added",
        "The gradients of all arguments are added up.",
        "How many arguments can be nudged by themselves?",
        "A gradient for each argument is asked for; they don't belong together.",
        lambda vjp, *arguments: (np.asarray(sum(vjp(*arguments))),) * len(vjp(*arguments)),
        also=(lambda vjp, *arguments: np.asarray(sum(vjp(*arguments))),),
    ),
    Mistake(
        "output-missing",
        "Only one of the gradients is there.",
        "For how many arguments is a gradient asked?",
        "Return one array for each of them, in the order of the arguments.",
        lambda vjp, *arguments: vjp(*arguments)[0],
        also=(lambda vjp, *arguments: vjp(*arguments)[-1],),
    ),
)
