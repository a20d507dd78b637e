"""What the exercises on functions of single elements have in common."""

from collections.abc import Mapping

from gradecheck.exercise import Shape

#: Every rank that a notebook meets and one more, lengths of one, a square, and the printed shape twice.
_SHAPES = ((2, 3), (2, 3), (5,), (3, 3), (), (1, 4), (3, 1), (4, 2), (2, 3, 2), (1,))
ELEMENTWISE_SHAPES: tuple[Mapping[str, Shape], ...] = tuple({"x": shape} for shape in _SHAPES)
