"""chain_paths: de/da where a reaches e on two paths, through b and through c, from the local derivatives."""

from typing import Any

from gradecheck.exercise import Exercise, Mistake


def _forward(_tf: Any, a: Any, db_da: Any, dc_da: Any, dd_db: Any, dd_dc: Any, de_dd: Any) -> Any:
    """The graph itself, each arrow a factor: a leads to b and c, both lead to d, and d leads to e."""
    return de_dd * (dd_db * (db_da * a) + dd_dc * (dc_da * a))


_MISTAKES = (
    Mistake(
        "one-path-only",
        "You followed one of the two paths from a to e.",
        "Nudge a a little. Which of b and c move?",
        "Both b and c carry the nudge to d. What does d do with two contributions?",
        answers=(
            lambda db_da, _dc, dd_db, _dd, de_dd: de_dd * dd_db * db_da,
            lambda _db, dc_da, _dd, dd_dc, de_dd: de_dd * dd_dc * dc_da,
        ),
    ),
    Mistake(
        "paths-multiplied",
        "The two paths are multiplied with each other.",
        "If one of the paths is cut, what should be left of the derivative? What is left of yours?",
        "Along a path derivatives multiply. What do two different paths do?",
        answers=(
            lambda db_da, dc_da, dd_db, dd_dc, de_dd: de_dd * (dd_db * db_da) * (dd_dc * dc_da),
            lambda db_da, dc_da, dd_db, dd_dc, de_dd: (de_dd * dd_db * db_da) * (de_dd * dd_dc * dc_da),
        ),
    ),
    Mistake(
        "paths-averaged",
        "You took the mean of the two paths.",
        "Each path by itself moves e by its full amount. What do both do together?",
        "Contributions are not shared out.",
        answers=(lambda db_da, dc_da, dd_db, dd_dc, de_dd: de_dd * (dd_db * db_da + dd_dc * dc_da) / 2,),
    ),
    Mistake(
        "derivatives-added-along-a-path",
        "Along a path you add the local derivatives.",
        "If b moves twice as fast as a, and d three times as fast as b, how fast does d move?",
        "Gear wheels in a row: their ratios are not added.",
        answers=(
            lambda db_da, dc_da, dd_db, dd_dc, de_dd: (de_dd + dd_db + db_da) + (de_dd + dd_dc + dc_da),
            lambda db_da, dc_da, dd_db, dd_dc, de_dd: (de_dd + dd_db + db_da) * (de_dd + dd_dc + dc_da),
        ),
    ),
    Mistake(
        "last-arrow-forgotten",
        "You stopped at d; the arrow from d to e is missing.",
        "Which letter stands in the numerator of what you were asked for?",
        "Both paths go on from d.",
        answers=(lambda db_da, dc_da, dd_db, dd_dc, _de: dd_db * db_da + dd_dc * dc_da,),
    ),
    Mistake(
        "last-arrow-on-one-path",
        "The arrow from d to e counts on one of your paths only.",
        "Write both paths down, letter by letter, from a to e.",
        "Are there brackets missing?",
        answers=(
            lambda db_da, dc_da, dd_db, dd_dc, de_dd: de_dd * dd_db * db_da + dd_dc * dc_da,
            lambda db_da, dc_da, dd_db, dd_dc, de_dd: dd_db * db_da + de_dd * dd_dc * dc_da,
        ),
    ),
    Mistake(
        "arrows-crossed",
        "The second arrows are exchanged: your paths change from b to c halfway.",
        "Is there an arrow from b to c?",
        "Which derivative follows db/da on its path? Look at the letters that must meet.",
        answers=(lambda db_da, dc_da, dd_db, dd_dc, de_dd: de_dd * (dd_dc * db_da + dd_db * dc_da),),
    ),
    Mistake(
        "paths-subtracted",
        "One path is taken away from the other.",
        "If both paths lift e, does e rise less than with one of them alone?",
        "What arrives at d from b, and what from c: does d take the one, the other, or both?",
        answers=(
            lambda db_da, dc_da, dd_db, dd_dc, de_dd: de_dd * (dd_db * db_da - dd_dc * dc_da),
            lambda db_da, dc_da, dd_db, dd_dc, de_dd: de_dd * (dd_dc * dc_da - dd_db * db_da),
        ),
    ),
    Mistake(
        "everything-added",
        "All five derivatives are added up.",
        "If b moves twice as fast as a, and d three times as fast as b, how fast does d move?",
        "Along a path something else is done with derivatives than where two paths meet.",
        answers=(lambda db_da, dc_da, dd_db, dd_dc, de_dd: db_da + dc_da + dd_db + dd_dc + de_dd,),
    ),
    Mistake(
        "sign-flipped",
        "This is the right derivative times -1.",
        "With all local derivatives positive, does e grow with a?",
        "A minus has crept in somewhere.",
        answers=(lambda db_da, dc_da, dd_db, dd_dc, de_dd: -de_dd * (dd_db * db_da + dd_dc * dc_da),),
    ),
)
_ARROWS = ("db_da", "dc_da", "dd_db", "dd_dc", "de_dd")

CHAIN_PATHS = Exercise(
    name="chain_paths",
    title="chain_paths",
    arguments=("a", *_ARROWS),
    differentiates=("a",),
    forward=_forward,
    forward_numpy=lambda *numbers: _forward(None, *numbers),
    printed={"a": 1, "db_da": 2, "dc_da": -1, "dd_db": 3, "dd_dc": 0.5, "de_dd": -2},
    shapes=tuple(dict.fromkeys(("a", *_ARROWS), ()) for _ in range(6)),
    whole_jacobian=True,
    points=5,
    driver="chain_paths",
    called_as="chain_paths(db_da, dc_da, dd_db, dd_dc, de_dd)",
    named_outputs=("de_da",),
    tolerance=1e-6,
    mistakes=_MISTAKES,
    worth_knowing="With ten such diamonds in a row there are 1024 paths, and only fifty arrows to walk.",
)
