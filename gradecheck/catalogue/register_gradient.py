"""RegisterGradient: a decorator that enters a rule in a registry, under the class of an operation."""

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from gradecheck.exercise import Exercise, Float64, Mistake, entry


def _registering(
    enter: Callable[[dict[Any, Any], Any, Any], None],
    give_back: Callable[[Any], Any] = lambda rule: rule,
    *,
    alarm: bool = True,
    look_for: Callable[[Any, Any], Any] = lambda operation, _rule: operation,
) -> Callable[..., Any]:
    """A decorator of two layers that enters a rule in some way, and gives something back.

    There is an alarm, if any, where the registry has what `look_for(operation, rule)` gives already.
    """

    def register_gradient(operation: Any, registry: dict[Any, Any]) -> Callable[..., Any]:
        def decorate(rule: Any) -> Any:
            if alarm and look_for(operation, rule) in registry:
                raise ValueError(f"{operation.__name__} has a gradient already")
            enter(registry, operation, rule)
            return give_back(rule)

        return decorate

    return register_gradient


def _properly(registry: dict[Any, Any], operation: Any, rule: Any) -> None:
    registry[operation] = rule


def _by_name(registry: dict[Any, Any], operation: Any, rule: Any) -> None:
    registry[operation.__name__] = rule


def _by_instance(registry: dict[Any, Any], operation: Any, rule: Any) -> None:
    registry[operation()] = rule


def _by_rule(registry: dict[Any, Any], operation: Any, rule: Any) -> None:
    registry[rule] = operation


def _by_rules_name(registry: dict[Any, Any], _operation: Any, rule: Any) -> None:
    registry[rule.__name__] = rule


def _one_for_all(registry: dict[Any, Any], operation: Any, rule: Any) -> None:
    registry.clear()
    registry[operation] = rule


def _by_name_as_well(registry: dict[Any, Any], operation: Any, rule: Any) -> None:
    registry[operation] = registry[operation.__name__] = rule


def _elsewhere(operation: Any, _registry: dict[Any, Any]) -> Callable[..., Any]:
    decorator: Callable[..., Any] = _registering(_properly)(operation, _OF_ITS_OWN)
    return decorator


def _warns_always(operation: Any, registry: dict[Any, Any]) -> Callable[..., Any]:
    warnings.warn(f"{operation.__name__} gets a gradient", stacklevel=2)
    decorator: Callable[..., Any] = _registering(_properly, alarm=False)(operation, registry)
    return decorator


def _nowhere(_registry: dict[Any, Any], _operation: Any, _rule: Any) -> None:
    """Enters nothing."""


_OF_ITS_OWN: dict[Any, Any] = {}
_UNDER = "The rule stands in the registry under something else than the class of its operation: "
_LOOK_UP = "Whoever walks back through a graph has an operation op at hand and looks up type(op)."
_MISTAKES = (
    Mistake(
        "decorated-function-lost",
        "The decorator gives back nothing, so the decorated name is None from then on.",
        "After the cell with the @, what does the name of the rule stand for? Print it.",
        "Python binds the name to whatever the decorator returns.",
        answers=(
            _registering(_properly, lambda _rule: None),
            _registering(_properly, lambda _rule: None, alarm=False),
        ),
    ),
    Mistake(
        "registered-under-name",
        f"{_UNDER}its name, a text.",
        _LOOK_UP,
        "Is the class the same thing as the text of its name?",
        answers=(
            _registering(_by_name),
            _registering(_by_name, alarm=False),
            _registering(_by_name, look_for=lambda operation, _rule: operation.__name__),
        ),
    ),
    Mistake(
        "registered-under-instance",
        f"{_UNDER}one operation of that class.",
        _LOOK_UP,
        "The rule is for all operations of the class, also for those that are built later.",
        answers=(_registering(_by_instance), _registering(_by_instance, alarm=False)),
    ),
    Mistake(
        "key-and-value-swapped",
        f"{_UNDER}under the rule itself, with the class for a value.",
        _LOOK_UP,
        "Which of the two is known, and which is looked for?",
        answers=(_registering(_by_rule), _registering(_by_rule, alarm=False)),
    ),
    Mistake(
        "registered-under-the-rule",
        f"{_UNDER}the name of the rule.",
        _LOOK_UP,
        "What belongs in the brackets after registry?",
        answers=(
            _registering(_by_rules_name),
            _registering(_by_rules_name, alarm=False),
            _registering(_by_rules_name, look_for=lambda _operation, rule: rule.__name__),
        ),
    ),
    Mistake(
        "earlier-rules-thrown-away",
        "Only the rule that was registered last is left in the registry.",
        "Register two rules, then print the registry.",
        "Add an entry; do not begin again.",
        answers=(_registering(_one_for_all), _registering(_one_for_all, alarm=False)),
    ),
    Mistake(
        "nothing-registered",
        "The registry is as it was before.",
        "Print the registry after the cell with the @.",
        "Is the registry that you were given the one that you write into?",
        answers=(_registering(_nowhere), _registering(_nowhere, alarm=False), _elsewhere),
    ),
    Mistake(
        "registered-under-name-as-well",
        "The rule stands under its class, and a second time under a text.",
        "Print the registry. How many keys has it after one rule?",
        "The class is enough; whoever goes through the table meets every rule once.",
        answers=(_registering(_by_name_as_well), _registering(_by_name_as_well, alarm=False)),
    ),
    Mistake(
        "alarm-without-cause",
        "The alarm goes off for the first rule of a class already.",
        "Is the class among the keys before its first rule has come?",
        "Look into the registry first, then raise or warn, and only if the class is there.",
        answers=(_warns_always,),
    ),
    Mistake(
        "second-rule-replaces-the-first",
        "A second rule for the same operation takes the place of the first one, and nobody hears of it.",
        "Somebody copies a cell and forgets to change the name of the operation. Who will notice?",
        "Before you write, look whether somebody was there first; then raise an error, or warn.",
        answers=(_registering(_properly, alarm=False),),
    ),
)


def _truth(vjp: Any, x: Float64, dz: Float64) -> tuple[Float64, ...]:
    """Two keys, both classes; two rules, found twice; an alarm at the second rule of a class alone."""
    rules = np.stack([vjp(x, dz)[0], vjp(x, 2 * dz)[0]])
    return np.array([2.0, 0.0, 0.0, 0.0, 0.0, 0.0]), rules, rules, np.array([0.0, 1.0])


_KEYS = (
    *("the two classes", "texts with the name of a class", "texts with the name of a rule"),
    *("operations", "functions", "something else"),
)


def _called(output: str, index: tuple[int, ...]) -> str:
    """What is counted, or whose rule it is."""
    first, *rest = index
    match output:
        case "kinds of keys":
            return f"after two rules, the number of keys that are {_KEYS[first]}"
        case "alarms":
            place = ("the first rule of a class", "a second rule for one class")[first]
            return f"the number of alarms at {place}"
    which = ("first", "second")[first]
    kept = output.startswith("kept")
    who = f"the name under the {which} @" if kept else f"the rule in the registry for the {which} class"
    return entry(f"what {who} gives", tuple(rest))


REGISTER_GRADIENT = Exercise(
    name="RegisterGradient",
    title="register_gradient",
    arguments=("x", "dz"),
    differentiates=("x",),
    forward=lambda _tf, x: x * x * x,
    forward_numpy=lambda x: x * x * x,
    printed={"x": [0.5, -1, 2], "dz": [1, -2, 3]},
    shapes=tuple({"x": shape} for shape in ((3,), (3,), (2, 3), (), (1,), (4,))),
    points=6,
    driver="register",
    called_as="RegisterGradient(operation, registry)",
    truth=_truth,
    named_outputs=("kinds of keys", "found in the registry", "kept by its name", "alarms"),
    entry_called=_called,
    tolerance=1e-6,
    place="when the rules of two new operations are registered and called",
    mistakes=_MISTAKES,
    worth_knowing="A decorator with an argument is a function that returns a function that takes a function.",
)
