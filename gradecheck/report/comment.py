"""The comment on an answer in nbgrader's gradebook: short Markdown, made only of our own sentences.

Text that comes from the student's process (exception messages, lines of code) is quoted as code, so
that nothing in it is taken for Markdown or HTML.
"""

import re
from collections.abc import Iterable

from gradecheck.report.blocks import Code, Fold, Grids, Picture, Said, Table
from gradecheck.report.face import face_of
from gradecheck.report.model import Result
from gradecheck.report.text import text_lines
from gradecheck.verdict import Status

_ENTITIES = {"<": "&lt;", ">": "&gt;"}
#: What Markdown takes for a sign anywhere; an underscore inside a word, as in grad_softmax, it does not.
_SPECIAL = re.compile(r"[\\`*\[\]<>$&~|]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])")
#: What it takes for the start of a heading, a rule or a list at the beginning of a paragraph.
_START = re.compile(r"^(\d*)([#+\-=.)])")


def comment_markdown(result: Result) -> str:
    """What the student reads beside an answer: all that the card says, and how to repeat it at home."""
    verdict = result.verdict
    if verdict.status is Status.NOT_GRADED:  # the reason is the operator's to read, in the log
        return "**Not graded yet, for no fault of yours.** Somebody will look at it."
    message, *others = face_of(result).blocks
    assert isinstance(message, Said)
    parts = [f"**{result.points:g} of {result.max_points:g} points.** {plain(message.text)}"]
    for block in others:
        match block:
            case Said():
                parts.append(plain(f"{block.label}: {block.text}" if block.label else block.text))
            case Fold():
                parts += [
                    f"{block.label}: {plain(said.text)}" for said in block.blocks if isinstance(said, Said)
                ]
                drawn = [inner for inner in block.blocks if isinstance(inner, Picture)]
                parts += [_verbatim(line.text for line in text_lines([picture])) for picture in drawn]
            case Code():
                parts.append(_verbatim(block.text.splitlines()))
            case Table() | Grids() | Picture() if verdict.status is not Status.PASSED:
                parts.append(_verbatim(line.text for line in text_lines([block])))
    return "\n\n".join(parts)


def _verbatim(lines: Iterable[str]) -> str:
    """Lines that Markdown shows as they are: numbers, a drawing, a line of Python."""
    return "\n".join(f"    {line}".rstrip() for line in lines)


def plain(text: str) -> str:
    """Text that Markdown shows as it stands, in one paragraph."""
    text = " ".join(text.split())
    escaped = _SPECIAL.sub(lambda found: _ENTITIES.get(found[0], f"\\{found[0]}"), text)
    return _START.sub(r"\1\\\2", escaped)
