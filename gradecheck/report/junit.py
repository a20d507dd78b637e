"""JUnit's XML, which continuous integration reads: one suite a submission, one case an exercise."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import groupby
from xml.etree import ElementTree

from gradecheck.report.model import Problem, Report, Result
from gradecheck.verdict import Status

#: What XML 1.0 cannot hold at all, not even escaped.
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Outcome(StrEnum):
    """What JUnit knows beside success; the values are its elements."""

    FAILURE = "failure"
    ERROR = "error"
    SKIPPED = "skipped"


@dataclass(frozen=True)
class Case:
    """One test case.

    Attributes:
        name: of the case.
        outcome: None for success.
        message: why not, in one sentence; empty for success.
        details: more about that, in lines.
        properties: what else a reader may want, such as the points. They stand in the suite, as
            "case.property": JUnit's schema has no place for them in a case.
    """

    name: str
    outcome: Outcome | None = None
    message: str = ""
    details: str = ""
    properties: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Suite:
    """The cases that belong together."""

    name: str
    cases: tuple[Case, ...]


def to_junit(report: Report) -> str:
    """The whole report; what could not be checked is an error of a case of its own."""
    suites = [
        Suite(name, tuple(map(_case, results)))
        for name, results in groupby(report.results, lambda result: result.submission)
    ]
    suites += [Suite(p.submission, (_unchecked(p),)) for p in report.problems if p.fatal]
    return write_suites(suites)


def write_suites(suites: Sequence[Suite]) -> str:
    """The XML of some suites, indented, ending without a newline."""
    counts = _counts([case for suite in suites for case in suite.cases])
    del counts["skipped"]  # which the schema counts in suites only
    root = ElementTree.Element("testsuites", counts)
    for suite in suites:
        node = ElementTree.SubElement(root, "testsuite", {"name": _text(suite.name), **_counts(suite.cases)})
        _add_properties(node, suite.cases)
        for case in suite.cases:
            _add_case(node, suite.name, case)
    ElementTree.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ElementTree.tostring(root, encoding="unicode")}'


def _case(result: Result) -> Case:
    verdict = result.verdict
    outcomes = {
        Status.PASSED: None,
        Status.FAILED: Outcome.FAILURE,
        Status.NOT_STARTED: Outcome.SKIPPED,
        Status.NOT_GRADED: Outcome.ERROR,
    }
    properties = {"points": f"{result.points:g}", "max_points": f"{result.max_points:g}"}
    if verdict.diagnosis.misconception:
        properties["misconception"] = verdict.diagnosis.misconception
    outcome = outcomes[verdict.status]
    message = verdict.message if outcome else ""
    return Case(verdict.exercise.name, outcome, message, verdict.diagnosis.hint or "", properties)


def _unchecked(problem: Problem) -> Case:
    return Case("could be checked", Outcome.ERROR, problem.message)


def property_name(case: str, name: str) -> str:
    """Under what name a property of a case stands in its suite."""
    return f"{case}.{name}"


def _add_properties(parent: ElementTree.Element, cases: Sequence[Case]) -> None:
    pairs = [
        (property_name(case.name, name), text) for case in cases for name, text in case.properties.items()
    ]
    if pairs:
        node = ElementTree.SubElement(parent, "properties")
        for name, value in pairs:
            ElementTree.SubElement(node, "property", {"name": _text(name), "value": _text(value)})


def _add_case(parent: ElementTree.Element, suite: str, case: Case) -> None:
    node = ElementTree.SubElement(parent, "testcase", {"classname": _text(suite), "name": _text(case.name)})
    if case.outcome is not None:
        said = ElementTree.SubElement(node, str(case.outcome), {"message": _text(case.message)})
        said.text = _text("\n".join(filter(None, (case.message, case.details))))


def _counts(cases: Sequence[Case]) -> dict[str, str]:
    outcomes = [case.outcome for case in cases]
    return {
        "tests": str(len(outcomes)),
        "failures": str(outcomes.count(Outcome.FAILURE)),
        "errors": str(outcomes.count(Outcome.ERROR)),
        "skipped": str(outcomes.count(Outcome.SKIPPED)),
    }


def _text(text: str) -> str:
    return _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text)
