"""A signal ends `gradecheck watch` even where the exception that it raises comes to nothing."""

import contextlib
import io
import signal
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from rich.console import Console

from gradecheck import watching


class NoTemplate(contextlib.AbstractContextManager["NoTemplate"]):
    def __init__(self, **_: object) -> None: ...

    def __exit__(self, *_: object) -> None: ...

    def start(self) -> None: ...


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_that_was_swallowed_ends_it_at_the_next_tick(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    ticks = 0

    def saves(_paths: Sequence[Path]) -> Iterator[set[Path]]:
        nonlocal ticks
        yield set()
        while ticks < 5:
            ticks += 1
            with contextlib.suppress(BaseException):  # as where an object is finalized
                signal.raise_signal(number)
            yield set()

    monkeypatch.setattr(watching, "saves", saves)
    monkeypatch.setattr(watching, "Template", NoTemplate)
    monkeypatch.setattr(watching, "load_tensorflow", lambda: None)
    before = signal.getsignal(number)
    (tmp_path / "answers.py").write_text("x = 1\n", encoding="utf-8")
    watching.watch_paths([tmp_path / "answers.py"], Console(file=io.StringIO()))
    assert ticks == 1
    assert signal.getsignal(number) is before
