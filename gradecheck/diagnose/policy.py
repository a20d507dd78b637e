"""What is said of an answer that lets somebody else do the work."""

from dataclasses import dataclass

from gradecheck.diagnose.form import listed


@dataclass(frozen=True)
class Refusal:
    """Why an answer earns nothing although its numbers may be right: a sentence, an id, and two hints."""

    message: str
    misconception: str
    hint: str
    stronger_hint: str


def refusal(used: tuple[str, ...]) -> Refusal:
    """The refusal of an answer that used these helpers: automatic differentiation, or our own library's."""
    helpers = listed(tuple(dict.fromkeys(used)))
    if all(name.startswith("gradecheck.graph.") for name in used):
        return Refusal(
            f"the answer calls {helpers}, and to write that is the exercise; so this earns nothing.",
            "library-inside",
            "The library has it; the exercise is to build it. What would you do on paper, node by node?",
            "Read how the library does it, close the file, and write it down in your own words.",
        )
    return Refusal(
        f"the answer uses {helpers}. Here the gradient is written by hand, so this earns nothing.",
        "autodiff-inside",
        "The tape knows the derivative. Can you write it down without it?",
        "Work out the formula on paper, and keep the tape for checking your result.",
    )
