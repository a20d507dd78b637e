"""The graphs on which an answer went wrong, with the student's number and the right one at each node."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from gradecheck.cases import CaseKind
from gradecheck.compare import Finding
from gradecheck.graph.drawing import Drawing, DrawnNode
from gradecheck.observation import Observation
from gradecheck.observe import Evidence
from gradecheck.reference.expectation import ExpectedOutput

_Place = tuple[int, ...]


def pictures(evidence: Evidence, *, hidden: bool) -> tuple[Drawing, ...]:
    """A drawing of each graph that went wrong, once, in the order in which they were asked.

    There is none where the answer is right or the exercise has no graphs. Where gradients are arrays, one
    entry of each is shown, and the same one at every node: the most wrong.

    Args:
        evidence: the calls.
        hidden: whether the cases are a grader's own; then the right numbers are left out.
    """
    draw = evidence.exercise.drawing
    if draw is None:
        return ()
    faults = [o for o in evidence.observations if not o.right]
    first_of_each = {fault.case.settings: fault for fault in reversed(faults)}
    return tuple(
        _picture(draw(*fault.case.settings), fault, hidden=hidden)
        for fault in faults
        if fault is first_of_each[fault.case.settings]
    )


def _picture(bare: Drawing, fault: Observation, *, hidden: bool) -> Drawing:
    secret = hidden and fault.case.kind is not CaseKind.PRINTED
    outputs = fault.expected.outputs
    entry = _worst_entry(fault)
    numbered = {}
    for at, (output, place) in zip(bare.nodes, _places(bare, outputs, entry), strict=True):
        finding = fault.findings[outputs.index(output)] if fault.findings else None
        numbered[at.name] = _numbered(at, finding, output, place, secret=secret)
    title = f"{bare.title}, entry {list(entry)} of every gradient"
    return replace(bare, title=title, nodes=tuple(numbered.values()))


def _places(
    bare: Drawing, outputs: tuple[ExpectedOutput, ...], entry: _Place
) -> Iterator[tuple[ExpectedOutput, _Place]]:
    """For each node in turn the output, and the place in it, where its gradient stands.

    The outputs are those of the leaves, by name, and one that holds all operations in their order.
    """
    leaves = {output.name: output for output in outputs[:-1]}
    operation = 0
    for node in bare.nodes:
        if f"d{node.name}" in leaves:
            yield leaves[f"d{node.name}"], entry
        else:
            yield outputs[-1], (operation, *entry)
            operation += 1


def _worst_entry(fault: Observation) -> _Place:
    """The entry of one gradient that is most wrong; the first one where nothing came back."""
    shape = fault.expected.outputs[0].value.shape
    for finding in fault.findings:
        if finding.wrong is not None and finding.wrong.any():
            return finding.worst[len(finding.worst) - len(shape) :]
    return (0,) * len(shape)


def _numbered(
    node: DrawnNode, finding: Finding | None, output: ExpectedOutput, place: _Place, *, secret: bool
) -> DrawnNode:
    yours = None if finding is None or finding.yours is None else float(finding.yours[place])
    wrong = finding is not None and finding.wrong is not None and bool(finding.wrong[place])
    expected = None if secret else float(np.asarray(output.value)[place]) + 0.0
    return replace(node, yours=yours, expected=expected, wrong=wrong)
