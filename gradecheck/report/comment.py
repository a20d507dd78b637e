"""The comment on an answer in nbgrader's gradebook: short Markdown, made only of our own sentences.

Text that comes from the student's process (exception messages, lines of code) is quoted as code, so
that nothing in it is taken for Markdown or HTML.
"""

import re

from gradecheck.report.model import Result
from gradecheck.verdict import Status

_ENTITIES = {"<": "&lt;", ">": "&gt;"}
#: What Markdown takes for a sign anywhere; an underscore inside a word, as in grad_softmax, it does not.
_SPECIAL = re.compile(r"[\\`*\[\]<>$&~|]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])")
#: What it takes for the start of a heading, a rule or a list at the beginning of a paragraph.
_START = re.compile(r"^(\d*)([#+\-=.)])")


def comment_markdown(result: Result) -> str:
    """What the student reads beside an answer: points, what happened, a hint, how to repeat it at home."""
    verdict = result.verdict
    if verdict.status is Status.NOT_GRADED:  # the reason is the operator's to read, in the log
        return "**Not graded yet, for no fault of yours.** Somebody will look at it."
    parts = [f"**{result.points:g} of {result.max_points:g} points.** {plain(verdict.message)}"]
    parts += [plain(remark) for remark in verdict.diagnosis.remarks]
    if verdict.diagnosis.hint:
        parts.append(f"To think about: {plain(verdict.diagnosis.hint)}")
    if verdict.hidden and verdict.status in (Status.PASSED, Status.FAILED):
        parts.append(
            f"The inputs came from seed {verdict.seed}; `gradecheck check --seed {verdict.seed} "
            f"--exercise {verdict.exercise.title} NOTEBOOK` shows the same at home."
        )
    return "\n\n".join(parts)


def plain(text: str) -> str:
    """Text that Markdown shows as it stands, in one paragraph."""
    text = " ".join(text.split())
    escaped = _SPECIAL.sub(lambda found: _ENTITIES.get(found[0], f"\\{found[0]}"), text)
    return _START.sub(r"\1\\\2", escaped)
