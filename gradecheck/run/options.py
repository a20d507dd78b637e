"""What a template is told when it starts."""

from dataclasses import dataclass

HOME = "/tmp/home"
"""The home folder in a sandbox."""

PLACE = "/tmp/submission"
"""Where a sandbox shows a submission its files."""


@dataclass(frozen=True)
class Options:
    """How a template works.

    Attributes:
        sandboxed: whether it stands in a sandbox, and isolates its children further.
        kept: folders below /tmp that such a child still sees.
        warm: whether TensorFlow is warmed up before anything is forked.
        apart: whether, without a sandbox, each child leaves root for a user of its own.
    """

    sandboxed: bool = False
    kept: tuple[str, ...] = ()
    warm: bool = False
    apart: bool = False
