"""Lists of names in which a name may hold a comma."""

import pytest

from gradecheck.naming import split_names


@pytest.mark.parametrize(
    ("text", "known", "names"),
    [
        ("ann", ["ann", "ben"], ("ann",)),
        ("ann, ben", ["ann", "ben"], ("ann", "ben")),
        ("lee, ann", ["lee, ann"], ("lee, ann",)),
        ("x,y", ["x", "x,y"], ("x,y",)),
        ("x,y", ["x", "y", "x,y"], ("x", "y")),
        ("a,b,c", ["a", "a,b", "b,c"], ("a", "b,c")),
        ("a,b,ann", ["a,b", "ann"], ("a,b", "ann")),
        ("ann,zoe", ["ann"], ("ann", "zoe")),
        ("ann,", ["ann"], ("ann", "")),
    ],
)
def test_a_comma_separates_unless_it_belongs_to_a_name(
    text: str, known: list[str], names: tuple[str, ...]
) -> None:
    assert split_names(text, known) == names


def test_a_class_of_thousands_is_one_list() -> None:
    known = [f"s{at}" for at in range(5000)]
    assert split_names(",".join(known), known) == tuple(known)
