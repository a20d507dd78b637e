"""What is said of an answer that lets somebody else do the work."""

from gradecheck.diagnose.words import listed

POLICY_HINTS = (
    "The tape knows the derivative. Can you write it down without it?",
    "Work out the formula on paper, and keep the tape for checking your result.",
)
LIBRARY_HINTS = (
    "The library has it; the exercise is to build it. What would you do on paper, node by node?",
    "Read how the library does it, close the file, and write it down in your own words.",
)


def not_allowed(used: tuple[str, ...]) -> str:
    """Automatic differentiation inside the answer."""
    helpers = listed(tuple(dict.fromkeys(used)))
    if of_the_library(used):
        return f"the answer calls {helpers}, and to write that is the exercise; so this earns nothing."
    return f"the answer uses {helpers}. Here the gradient is written by hand, so this earns nothing."


def of_the_library(used: tuple[str, ...]) -> bool:
    """Whether what was used is the thing asked for, out of the library of graphs."""
    return all(name.startswith("gradecheck.graph.") for name in used)
