"""The first of nbgrader's sanitising steps: every later one finds the cells that it expects."""

from typing import Any

from nbformat import NotebookNode
from nbgrader.preprocessors import NbGraderPreprocessor
from traitlets import Bool

from gradecheck.nbgrader.gradebook import open_gradebook
from gradecheck.nbgrader.handin import KEY, HandIn, Note, Record
from gradecheck.nbgrader.ledger import find_entry, next_attempt, open_ledger
from gradecheck.nbgrader.mend import mend
from gradecheck.nbgrader.original import load_original
from gradecheck.nbgrader.reading import sound_cell
from gradecheck.report.comment import plain


class MendCells(NbGraderPreprocessor):
    """Repairs the cells, and leaves a record of it in the notebook's metadata."""

    same_inputs = Bool(False, help="Whether to repeat an attempt though its feedback was made.").tag(
        config=True
    )

    def preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        """Repair the notebook."""
        names = resources["nbgrader"]
        handin: HandIn = resources[KEY]
        original = load_original(names["db_url"], names["assignment"], names["notebook"], handin.order)
        problem = _sentence(handin, f"{names['notebook']}.ipynb")
        if problem is not None:
            nb.cells = [sound_cell("markdown", plain(problem))]
        notes = mend(nb, original)
        if problem is not None:
            notes = ()  # that every cell was missing is no news then
        elif handin.stand_in is not None:
            said = f"There was no file {names['notebook']}.ipynb; {handin.stand_in} was read in its place."
            notes = (Note(said), *notes)
        for note in notes:
            self.log.warning("%s of %s: %s", names["notebook"], names["student"], note.sentence)
        with open_gradebook(names["db_url"]) as gradebook:
            open_ledger(gradebook)
            entry = find_entry(gradebook, names["assignment"], names["student"])
        attempt = entry.attempt if self.same_inputs and entry is not None else next_attempt(entry)
        nb.metadata[KEY] = Record(attempt, problem, notes).to_metadata()
        return nb, resources


def _sentence(handin: HandIn, name: str) -> str | None:
    if handin.problem is None:
        return None
    if handin.problem == "there is no such file":
        return f"There was no file {name} in the submission."
    return f"The file {handin.stand_in or name} could not be read as a notebook: {handin.problem}."
