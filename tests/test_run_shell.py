"""Cells are transformed as IPython does it, whether they are looked through for magics or not."""

import warnings
from typing import ClassVar

import pytest
from IPython.core.inputtransformer2 import TransformerManager

from gradecheck.run.transformers import Transformers

CELLS = (
    "x = 3  # really?",
    "\n\n  x = 1\n  y = 2",
    "x = %time 3\ny = 2",
    "def f(x):\n    %time x\n    return x",
    "files = !ls\nprint(files)",
    "f?",
    "x = 7\nx??",
    "a = 5\n(a\n % 3)",
    "a = 5 \\\n % 3",
    "s = '''\n%time\n!ls\nx?\n'''",
    "%%bash\necho",
    ">>> x = 1\n... y = 2",
    "In [1]: x",
    "In [1]: x = %time 3",
    "x = (",
    "x = '\0'",
    "x = \x00",
    "await x",
    "return 3",
    "print 'two'",
    "(" * 300 + ")" * 300,
    "s = '\\d'",
    "s = '''a\n   \nb'''\nprint(s)",
    "x = [1,\n\t\n2]",
    "\x0cx = 1",
    "x = 1\r\ny = 2\r\n",
    "x[..., None]",
    "def f(x):\n    ...",
    "s = r'In [3]: '",
    "[ins] In [1]: x = 1",
    "",
)


@pytest.mark.parametrize("cell", CELLS)
def test_as_ipython_does_it(cell: str) -> None:
    with warnings.catch_warnings(record=True) as ours:
        warnings.simplefilter("always")
        made = Transformers().transform_cell(cell)
    with warnings.catch_warnings(record=True) as theirs:
        warnings.simplefilter("always")
        assert made == TransformerManager().transform_cell(cell)
    assert len(ours) == len(theirs)


def test_a_step_of_tidying_that_somebody_added_is_taken() -> None:
    manager = Transformers()
    manager.cleanup_transforms.append(lambda lines: [line.upper() for line in lines])
    assert manager.transform_cell("x = 1") == "X = 1\n"


def test_a_transformer_that_somebody_added_is_asked() -> None:
    class Asked:
        seen: ClassVar[list[int]] = []

        @classmethod
        def find(cls, tokens_by_line: list[object]) -> None:
            cls.seen.append(len(tokens_by_line))

    manager = Transformers()
    manager.transform_cell("x = 1")
    assert Asked.seen == []
    manager.token_transformers.append(Asked)
    manager.transform_cell("x = 1")
    assert Asked.seen
