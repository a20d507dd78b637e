"""Scores for services: Gradescope's results.json and JUnit's XML, read as their targets read them."""

import json
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import pytest
from graded_class import graded, hostile_class, mark, one_of_each, student

from gradecheck.class_report.model import ClassScores
from gradecheck.errors import CourseNotReady, OperatorError
from gradecheck.exports.forms import Form, export_class, text_of

# Gradescope

#: Fields of results.json as Gradescope documents them, with the values or types that they may have.
_VISIBILITY = {"hidden", "after_due_date", "after_published", "visible"}
_FORMATS = {"text", "html", "simple_format", "md", "ansi"}
TOP: dict[str, Any] = {
    "score": float,
    "execution_time": float,
    "output": str,
    "output_format": _FORMATS,
    "test_output_format": _FORMATS,
    "test_name_format": _FORMATS,
    "visibility": _VISIBILITY,
    "stdout_visibility": _VISIBILITY,
    "extra_data": dict,
    "tests": list,
    "leaderboard": list,
}
TEST: dict[str, Any] = {
    "score": float,
    "max_score": float,
    "status": {"passed", "failed"},
    "name": str,
    "name_format": _FORMATS,
    "number": str,
    "output": str,
    "output_format": _FORMATS,
    "tags": list,
    "visibility": _VISIBILITY,
    "extra_data": dict,
}


def accept(entry: dict[str, Any], fields: dict[str, Any]) -> None:
    for name, value in entry.items():
        kind = fields[name]
        assert value in kind if isinstance(kind, set) else isinstance(value, kind), name


def test_gradescope_takes_a_file_for_each_submission(tmp_path: Path) -> None:
    exported = export_class(one_of_each(), Form.GRADESCOPE, tmp_path / "out")
    files = sorted(path.relative_to(tmp_path / "out").as_posix() for path in (tmp_path / "out").rglob("*.*"))
    assert files == ["ann/results.json", "ben/results.json", "cy/results.json"]
    assert exported.summary == (
        f"wrote 3 files into {tmp_path / 'out'}, 1 handed in nothing, 1 not fully graded yet"
    )
    for name in files:
        document = json.loads((tmp_path / "out" / name).read_text(encoding="utf-8"))
        accept(document, TOP)
        assert len(document["tests"]) == 2
        for test in document["tests"]:
            accept(test, TEST)
            assert {"max_score", "name", "output", "output_format", "visibility"} <= set(test)


def test_gradescope_has_the_scores_and_never_a_0_for_what_is_not_graded(tmp_path: Path) -> None:
    export_class(one_of_each(), Form.GRADESCOPE, tmp_path)
    ann, cy = (json.loads((tmp_path / who / "results.json").read_text("utf-8")) for who in ("ann", "cy"))
    assert (ann["score"], [t["score"] for t in ann["tests"]]) == (35.0, [20.0, 20.0])
    assert ann["output"] == "5 points were taken off, as this came late."
    assert [t["status"] for t in ann["tests"]] == ["passed", "failed"]
    assert "score" not in cy["tests"][1]
    assert cy["tests"][1]["output"].startswith("Not graded yet, for no fault of yours.")


def test_no_student_writes_outside_the_folder(tmp_path: Path) -> None:
    names = ["../../evil", "..", "/etc/x", "a/b", "nul\0", "half \udce9"]
    export_class(graded(*(student(name, mark()) for name in names)), Form.GRADESCOPE, tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    assert len(list((tmp_path / "out").glob("*/results.json"))) == len(names)


def test_a_name_that_can_name_a_folder_does(tmp_path: Path) -> None:
    export_class(graded(student("Zoë O'Neil", mark()), student("a<b>", mark())), Form.GRADESCOPE, tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["Zoë O'Neil", "a%3Cb%3E"]


def test_without_a_submission_there_is_nothing_for_gradescope(tmp_path: Path) -> None:
    with pytest.raises(CourseNotReady, match="there is no graded submission of 'homework' by dee"):
        export_class(one_of_each().only(["dee"]), Form.GRADESCOPE, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_folder_of_files_goes_to_no_terminal() -> None:
    with pytest.raises(OperatorError, match="gradescope is a folder of files and goes nowhere else"):
        text_of([one_of_each()], Form.GRADESCOPE)


# JUnit


def test_junit_is_what_its_readers_expect() -> None:
    scores = ClassScores("homework", (*one_of_each().students, *hostile_class().students))
    root = ElementTree.fromstring(text_of([scores], Form.JUNIT))
    assert root.tag == "testsuites"
    for suite in root:
        assert suite.tag == "testsuite"
        assert suite.get("name")
        properties, *cases = suite
        assert properties.tag == "properties"
        assert [case.tag for case in cases] == ["testcase"] * int(suite.attrib["tests"])
        assert all(case.get("name") and case.get("classname") for case in cases)
        assert all(len(case) <= 1 for case in cases)
        found = [child.tag for case in cases for child in case]
        for tag, count in (("failure", "failures"), ("error", "errors"), ("skipped", "skipped")):
            assert int(suite.attrib[count]) == found.count(tag)
    for count in ("tests", "failures", "errors"):
        assert int(root.attrib[count]) == sum(int(suite.attrib[count]) for suite in root)


def test_junit_tells_wrong_crashed_and_skipped_apart() -> None:
    root = ElementTree.fromstring(text_of([one_of_each()], Form.JUNIT))
    outcome = {
        (suite.get("name"), case.get("name")): [(said.tag, said.get("message")) for said in case]
        for suite in root
        for case in suite.iter("testcase")
    }
    assert outcome["ann", "grad_sigmoid"] == []
    assert outcome["ben", "grad_sigmoid"][0][0] == "failure"
    assert outcome["ben", "grad_softmax"][0][0] == "error"
    assert outcome["cy", "grad_sigmoid"] == [("skipped", "not started")]
    assert outcome["cy", "grad_softmax"] == [("skipped", "not graded")]
    assert outcome["dee", "grad_sigmoid"] == [("skipped", "missing")]
