"""While feedback is made: once a student may know the seeds, the next grading draws other inputs."""

import dataclasses
from typing import Any

from nbconvert.preprocessors import Preprocessor
from nbformat import NotebookNode

from gradecheck.nbgrader.gradebook import open_gradebook
from gradecheck.nbgrader.ledger import find_entry, open_ledger, write_entry


class NoteRevealed(Preprocessor):
    """Notes in the ledger that the feedback on a submission was made."""

    enabled = True

    def preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        """Note it, and leave the notebook as it is."""
        names = resources["nbgrader"]
        with open_gradebook(names["db_url"]) as gradebook:
            open_ledger(gradebook)
            entry = find_entry(gradebook, names["assignment"], names["student"])
            if entry is not None and not entry.revealed:
                revealed = dataclasses.replace(entry, revealed=True)
                write_entry(gradebook, names["assignment"], names["student"], revealed)
                gradebook.db.commit()
        return nb, resources
