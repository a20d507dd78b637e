"""Names in a list with commas, as commands take them, where a name may itself hold a comma."""

from collections.abc import Collection


def split_names(text: str, known: Collection[str]) -> tuple[str, ...]:
    """The names in a list such as `ann, ben`.

    Of all ways to read it in which every name is known, the one with the shortest first name, and so on, is
    taken: `x,y` is x and y where there are both, else the student `x,y`. Where no way is known through and
    through, every comma separates, for the caller to say which name is a stranger's.

    Args:
        text: the list.
        known: all names that there are.
    """
    parts = text.split(",")
    names = frozenset(known)
    ways: list[tuple[str, ...] | None] = [None] * len(parts) + [()]  # from each part on to the end
    longest = 1 + max((name.count(",") for name in names), default=0)
    for start in reversed(range(len(parts))):
        for end in range(start + 1, min(start + longest, len(parts)) + 1):
            name, rest = ",".join(parts[start:end]).strip(), ways[end]
            if rest is not None and name in names:
                ways[start] = (name, *rest)
                break
    return ways[0] or tuple(part.strip() for part in parts)
