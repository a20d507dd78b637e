"""What a misbehaving submission is, and the notebook that it hands in.

Placeholders in a case's code stand for things of the machine that no submission should reach, such as
`@COURSE@`; `misbehaving.world` says what they are. Most attacks that look for something hand in the right
answer only if they find it, so that the honest score 0 means that nothing was found.
"""

import json
from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Json = dict[str, Any]

_RELEASED = (
    Path(__file__).parents[2] / "exercises" / "understanding_gradients" / "understanding_gradients.ipynb"
)

TITLES = ("sigmoid", "softmax", "matmul", "conv2d")

IMPORTS = "import numpy as np\nimport tensorflow as tf\nfrom gradecheck import check, grade"

RIGHT: Mapping[str, str] = {
    "sigmoid": """
def grad_sigmoid(x, dz):
    x, dz = np.asarray(x, np.float64), np.asarray(dz, np.float64)
    s = 0.5 * (1 + np.tanh(0.5 * x))
    r = 0.5 * (1 - np.tanh(0.5 * x))
    return dz * np.where(np.abs(x) < 15, s * r, np.exp(-np.abs(x)))
""",
    "softmax": """
def grad_softmax(x, dz):
    x, dz = np.asarray(x, np.float64), np.asarray(dz, np.float64)
    p = np.exp(x - x.max())
    p = p / p.sum()
    return p * (dz - p @ dz)
""",
    "matmul": """
def grad_matmul(x, y, dz):
    return np.asarray(dz) @ np.asarray(y).T
""",
    "conv2d": """
def grad_conv2d(x, w, dz):
    x, dz = np.asarray(x), np.asarray(dz)
    h, v = dz.shape
    rows, columns = (range(size) for size in w.shape)
    return [[float((x[i:i + h, j:j + v] * dz).sum()) for j in columns] for i in rows]
""",
}

WRONG: Mapping[str, str] = {
    "sigmoid": "def grad_sigmoid(x, dz):\n    return 3 * dz\n",
    "softmax": "def grad_softmax(x, dz):\n    return 3 * dz\n",
    "matmul": "def grad_matmul(x, y, dz):\n    return 3 * x\n",
    "conv2d": "def grad_conv2d(x, w, dz):\n    return 3 * w\n",
}


@dataclass(frozen=True)
class Case:
    """One submission: right answers, but for the attacked exercise.

    Attributes:
        name: in kebab case.
        answer: the cell that answers the attacked exercise.
        score: what that answer deserves, 0 to 1.
        before: cells above all answers.
        after: cells below them.
        exercise: which exercise is attacked.
        others: what each of the other answers deserves.
        surgery: done to the notebook in the end.
        files: more files in the submitted folder, by name; a `Path` makes a link.
        limits: where they differ from the suite's.
        gap: why gradecheck is known to fail this one, empty where it does not.
    """

    name: str
    answer: str = WRONG["sigmoid"]
    score: float = 0.0
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    exercise: str = "sigmoid"
    others: float = 1.0
    surgery: Callable[[Json], object] = lambda _: None
    files: Mapping[str, str | Path] = field(default_factory=dict)
    limits: Mapping[str, float] = field(default_factory=dict)
    gap: str = ""

    def scores(self) -> dict[str, float]:
        """What each exercise deserves."""
        return {title: self.score if title == self.exercise else self.others for title in TITLES}

    def notebook(self) -> Json:
        """What is handed in, with its placeholders."""
        made = notebook({**RIGHT, self.exercise: self.answer}, self.before, self.after)
        self.surgery(made)
        return made


def notebook(answers: Mapping[str, str], before: tuple[str, ...] = (), after: tuple[str, ...] = ()) -> Json:
    """The handed-out notebook with answers, and without the text and scratch cells between them."""
    released = json.loads(_RELEASED.read_text(encoding="utf-8"))
    cells = [deepcopy(cell) for cell in released["cells"] if cell["metadata"].get("nbgrader")]
    for cell in cells:
        title = cell["metadata"]["nbgrader"]["grade_id"].removeprefix("grad_")
        if title in answers:
            cell["source"] = answers[title]
    above, below = ([own_cell(text) for text in texts] for texts in ((IMPORTS, *before), after))
    return {**released, "cells": [*above, *cells, *below]}


def own_cell(text: str) -> Json:
    """A code cell of the student's own."""
    return {"cell_type": "code", "metadata": {}, "source": text, "outputs": [], "execution_count": None}


_IF_FOUND = """
def grad_sigmoid(x, dz):
    s = 0.5 * (1 + np.tanh(0.5 * np.asarray(x, np.float64)))
    return np.asarray(dz) * s * (1 - s) if found else 0 * np.asarray(dz)
"""


def looking(name: str, search: str, **options: Any) -> Case:
    """A case that answers rightly if a search, a cell that binds `found`, comes to something."""
    return Case(name, _IF_FOUND, before=("found = False", search), **options)
