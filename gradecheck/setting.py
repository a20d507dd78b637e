"""An argument of an exercise that is no array, such as an axis: what it may be."""

#: Anything that compares by value and that JSON can carry, once tuples are written as lists.
Setting = None | int | float | str | tuple[int, ...]
