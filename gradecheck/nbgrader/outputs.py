"""From what a worker reports to the outputs of a cell. What comes from a worker is not to be trusted."""

import math
from collections.abc import Mapping
from typing import Any

from nbclient import NotebookClient
from nbformat import NotebookNode
from nbformat.v4 import new_output

from gradecheck.nbgrader.reading import clean
from gradecheck.nbgrader.safe import safe_data
from gradecheck.report.card import card_html
from gradecheck.report.model import Result
from gradecheck.report.text import card_text
from gradecheck.run.cells import CellMessage, CellResult
from gradecheck.run.outcome import Died, Raised, TimedOut


class OutputFiller:
    """Fills cells' outputs by nbclient's own rules, so that clear_output and update_display work as usual."""

    def __init__(self, client: NotebookClient, notebook: NotebookNode) -> None:
        client.nb = notebook
        client.reset_execution_trackers()
        client.clear_before_next_output = False
        self._client = client

    def add(self, cell: NotebookNode, index: int, message: CellMessage) -> None:
        """Take one message of a cell; a malformed one is left out."""
        content = _checked(message)
        if content is not None:
            wire = {
                "header": {"msg_type": message.type},
                "parent_header": {},
                "msg_type": message.type,
                "metadata": {},
                "content": content,
            }
            self._client.process_message(wire, cell, index)


def say_how_it_ended(cell: NotebookNode, result: CellResult) -> None:
    """Make sure that a cell that failed, or did not run, shows an error."""
    if any(output.output_type == "error" for output in cell.outputs):
        return
    match result.outcome:
        case Raised() as raised:
            add_error(cell, raised.type, raised.message)
        case TimedOut() as late:
            add_error(
                cell, "CellTimeoutError", f"the cell did not end within {late.seconds:g} s and was stopped"
            )
        case Died() as died:
            add_error(cell, "DeadKernelError", f"the cell ended the Python process ({died.how})")
        case None if not result.ran:
            add_error(cell, "DeadKernelError", "not run: cells before it ended the Python process too often")


def add_error(cell: NotebookNode, name: str, message: str) -> None:
    """Append an error output, which nbgrader scores as 0."""
    cell.outputs.append(new_output("error", ename=name, evalue=message, traceback=[f"{name}: {message}"]))


def show_result(cell: NotebookNode, result: Result) -> None:
    """The outputs of a graded cell: our card, and the points as nbgrader's partial credit."""
    card = {"text/html": card_html(result), "text/plain": card_text(result)}
    points = float(min(max(result.points, 0.0), result.max_points))
    cell.outputs = [
        new_output("display_data", data=card),
        new_output("execute_result", data={"text/plain": repr(points)}, execution_count=None),
    ]


def limit_points(cell: NotebookNode) -> None:
    """Keep the points of an ordinary graded cell within bounds: nbgrader fails the submission over more."""
    most = float(cell.metadata["nbgrader"]["points"])
    for output in cell.outputs:
        if output.output_type == "execute_result":
            try:
                points = float(output.data.get("text/plain", "none"))
            except ValueError:
                points = 0.0
            if points > most or math.isnan(points):
                output.data["text/plain"] = repr(most)
            output.data.setdefault("text/plain", "not a number")


def _checked(message: CellMessage) -> dict[str, Any] | None:
    content = message.content
    match message.type:
        case "stream":
            name = content.get("name")
            return {"name": name if name == "stderr" else "stdout", "text": _text(content.get("text"))}
        case "error":
            lines = content.get("traceback")
            return {
                "ename": _text(content.get("ename")),
                "evalue": _text(content.get("evalue")),
                "traceback": [_text(line) for line in lines] if isinstance(lines, list) else [],
            }
        case "clear_output":
            return {"wait": content.get("wait") is True}
        case "display_data" | "update_display_data" | "execute_result":
            return _display(message.type, content)
    return None


def _display(kind: str, content: Mapping[str, Any]) -> dict[str, Any]:
    data = content.get("data")
    display: dict[str, Any] = {"data": {}, "metadata": {}, "transient": {}}
    if isinstance(data, dict):
        display["data"] = safe_data(
            {clean(m): clean(t) for m, t in data.items() if isinstance(m, str) and isinstance(t, str)}
        )
    if kind == "execute_result":
        display["execution_count"] = None
    transient = content.get("transient")
    identity = transient.get("display_id") if isinstance(transient, dict) else None
    if isinstance(identity, str):
        display["transient"] = {"display_id": identity}
    return display


def _text(value: object) -> str:
    return clean(value) if isinstance(value, str) else ""
