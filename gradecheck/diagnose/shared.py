"""The mistakes that can be made in any exercise, as transformations of the true gradient.

A table of facts: each entry says when it applies, what it computes and what the student reads.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache

import numpy as np

from gradecheck.exercise import Exercise, Formula, Mistake

_LOCAL = "Your answer stays the same when dz changes. What is dz for?"


def _upstream_ignored(vjp: Callable[..., tuple[object, ...]], *arguments: object) -> object:
    *inputs, dz = arguments
    return vjp(*inputs, np.ones(np.shape(dz)))  # type: ignore[call-overload]


def _of_upstream(change: Callable[..., object]) -> Formula:
    """The true gradient, for a changed upstream gradient."""

    def formula(vjp: Callable[..., object], *arguments: object) -> object:
        *inputs, dz = arguments
        return vjp(*inputs, change(np.asarray(dz)))

    return formula


def _of_result(change: Callable[..., object]) -> Formula:
    """The true gradient, changed; `change(gradient, upstream)`."""

    def formula(vjp: Callable[..., tuple[object, ...]], *arguments: object) -> object:
        return tuple(change(np.asarray(g), np.asarray(arguments[-1])) for g in vjp(*arguments))

    return formula


def _forward_value(exercise: Exercise, *, times_upstream: bool) -> Formula:
    count = len(exercise.inputs)

    def formula(_vjp: object, *arguments: object) -> object:
        settings = arguments[len(exercise.arguments) :]
        z = exercise.forward_numpy(*arguments[:count], *settings)
        return z * arguments[count] if times_upstream else z

    return formula


def _upstream_added(vjp: Callable[..., tuple[object, ...]], *arguments: object) -> object:
    *inputs, dz = arguments
    local = vjp(*inputs, np.ones(np.shape(dz)))  # type: ignore[call-overload]
    return tuple(np.asarray(g) + np.asarray(dz) for g in local)


_OF_THE_UPSTREAM: tuple[Mistake, ...] = (
    Mistake(
        "upstream-ignored",
        "This is the local derivative alone; the upstream gradient dz has no effect.",
        _LOCAL,
        "This says how z changes with the input. You were asked how the loss changes.",
        _upstream_ignored,
    ),
    Mistake(
        "upstream-squared",
        "dz enters your answer twice.",
        "Double dz: your answer becomes four times as large. How much should it grow?",
        "Find the second place where dz is used.",
        _of_upstream(np.square),
    ),
    Mistake(
        "upstream-sign-lost",
        "Your answer uses the size of dz and loses its sign.",
        "Replace dz by -dz. What should happen to the answer?",
        "Look for an abs or a square root.",
        _of_upstream(np.abs),
    ),
    Mistake(
        "upstream-clipped",
        "Negative entries of dz are treated as zero.",
        "A negative dz is a message like any other. Where does yours get lost?",
        "Look for a maximum with 0, or a mask made from dz.",
        _of_upstream(lambda dz: np.maximum(dz, 0)),
    ),
)
_OF_THE_RESULT: tuple[Mistake, ...] = (
    Mistake(
        "sign-flipped",
        "This is the right gradient times -1.",
        "Nudge one input upward on paper. Which way does z move?",
        "There is one minus sign too many, or one too few.",
        _of_result(lambda g, _dz: -g),
    ),
    Mistake(
        "scaled-by-1-over-n",
        "Everything is too small by the same factor, one over the number of entries.",
        "Compare your answer with the right one, entry by entry: what is the ratio?",
        "Nothing in the forward direction divides by n.",
        _of_result(lambda g, dz: g / dz.size),
    ),
    Mistake(
        "scaled-by-two",
        "Everything is twice as large as it should be.",
        "Compare your answer with the right one, entry by entry: what is the ratio?",
        "Is something counted twice?",
        _of_result(lambda g, _dz: 2 * g),
    ),
    Mistake(
        "scaled-by-half",
        "Everything is half as large as it should be.",
        "Compare your answer with the right one, entry by entry: what is the ratio?",
        "Is something shared out that should be handed on whole?",
        _of_result(lambda g, _dz: g / 2),
    ),
)
_FOR_MATRICES: tuple[Mistake, ...] = (
    Mistake(
        "scaled-by-1-over-rows",
        "Everything is too small by the same factor, one over the number of rows.",
        "Compare your answer with the right one, entry by entry: what is the ratio?",
        "Nothing in the forward direction divides by the number of rows.",
        _of_result(lambda g, dz: g / dz.shape[0]),
    ),
    Mistake(
        "transposed",
        "The numbers are right, and rows and columns are exchanged.",
        "Right numbers, wrong seats: compare the first row with the first column.",
        "What is the transpose of a product?",
        _of_result(lambda g, _dz: g.T),
    ),
    Mistake(
        "rotated-by-180-degrees",
        "The numbers are right, and the whole answer is turned by 180 degrees.",
        "Compare your first entry with the last entry of the right answer.",
        "Is something flipped that should stay as it is?",
        _of_result(lambda g, _dz: np.flip(g)),
    ),
)
_FOR_SEVERAL_OUTPUTS: tuple[Mistake, ...] = (
    Mistake(
        "outputs-swapped",
        "This is a correct gradient, of another argument.",
        "In which order are the gradients asked for?",
        "For each of your answers: which argument would have to be nudged to measure it?",
        lambda vjp, *arguments: tuple(reversed(vjp(*arguments))),
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
)
#: What these say holds of all outputs, or it does not hold: they do not explain one of them alone.
ABOUT_ALL_OUTPUTS = frozenset({"first-gradient-for-all", "last-gradient-for-all"})


@lru_cache(maxsize=256)
def known_mistakes(exercise: Exercise) -> tuple[Mistake, ...]:
    """The mistakes to look for in an exercise: its own first, then those shared by all.

    What a driver asks is no function of the arguments, so the shared ones say nothing about it.
    """
    if exercise.driver:
        return exercise.mistakes
    rank = np.ndim(exercise.printed[exercise.differentiates[0]])
    matrices = _FOR_MATRICES if rank == 2 and not exercise.whole_jacobian else ()
    several = _FOR_SEVERAL_OUTPUTS if len(exercise.outputs) > 1 else ()
    about_dz = () if exercise.whole_jacobian else (*_OF_THE_UPSTREAM, *_about_dz_alone(exercise))
    value = _about_the_forward_value(exercise)
    mistakes = (*exercise.mistakes, *about_dz, *value, *_OF_THE_RESULT, *matrices, *several)
    first_by_id: dict[str, Mistake] = {}
    for mistake in mistakes:
        first_by_id.setdefault(mistake.id, mistake)
    return tuple(first_by_id.values())


def _about_the_forward_value(exercise: Exercise) -> tuple[Mistake, ...]:
    hint = "That is how large z is. How fast does it change?"
    value = Mistake(
        "forward-value-returned",
        "This is the output of the forward function, not its gradient.",
        hint,
        "Differentiate first; then bring in dz.",
        _forward_value(exercise, times_upstream=False),
        takes_settings=bool(exercise.settings),
    )
    if exercise.whole_jacobian:
        return (replace(value, stronger_hint="Each entry is a slope: of one output, along one input."),)
    times = Mistake(
        "forward-value-times-upstream",
        "This is the output of the forward function times dz; nothing was differentiated.",
        hint,
        "dz is multiplied with the slope, not with the value.",
        _forward_value(exercise, times_upstream=True),
        takes_settings=bool(exercise.settings),
    )
    return (value, times)


def _about_dz_alone(exercise: Exercise) -> tuple[Mistake, ...]:
    handed_on = Mistake(
        "upstream-handed-on",
        "This is dz itself, handed on unchanged.",
        "What did the forward function do to its input, and where does that show in your answer?",
        "dz says how the loss changes with z. How does z change with the input?",
        lambda _vjp, *arguments: tuple(np.array(arguments[-1]) for _ in exercise.outputs),
    )
    added = Mistake(
        "upstream-added",
        "dz is added to the local derivative.",
        "With dz = 0 nothing above cares about z. What should the answer be then?",
        "The chain rule multiplies; it does not add.",
        _upstream_added,
    )
    return (handed_on, added)
