"""What the exercises on functions of single elements have in common."""

from collections.abc import Mapping

from gradecheck.exercise import Shape

#: Every rank that a notebook meets, lengths of one, a square, and the printed example's shape twice.
ELEMENTWISE_SHAPES: tuple[Mapping[str, Shape], ...] = tuple(
    {"x": shape} for shape in ((2, 3), (2, 3), (5,), (3, 3), (), (1, 4), (3, 1), (4, 2), (1,))
)
