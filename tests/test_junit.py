"""`--format junit`: what continuous integration reads from a check."""

from xml.etree import ElementTree

import pytest
from click.testing import CliRunner

from gradecheck.catalogue import find_exercise
from gradecheck.cli import cli
from gradecheck.diagnose.diagnosis import Diagnosis
from gradecheck.report.junit import Case, Outcome, Suite, to_junit, write_suites
from gradecheck.report.model import Problem, Report, Result
from gradecheck.verdict import Status, Verdict


def result(submission: str, title: str, status: Status, score: float, message: str = "fine") -> Result:
    diagnosis = Diagnosis(message, "word", misconception="sign-flipped" if status is Status.FAILED else None)
    return Result(submission, Verdict(find_exercise(title), status, score, diagnosis), 20)


REPORT = Report(
    (
        result("ada.ipynb", "sigmoid", Status.PASSED, 1.0),
        result("ada.ipynb", "softmax", Status.FAILED, 0.4, 'dx[0] < 0 & "wrong" \x00\x1b[31m \ud800'),
        result("ada.ipynb", "matmul", Status.NOT_STARTED, 0.0),
        result("<b>,'.py", "conv2d", Status.NOT_GRADED, 0.0, "no worker"),
    ),
    (Problem("gone.ipynb", "gone.ipynb does not exist"), Problem("ada.ipynb", "cell 3 stopped", fatal=False)),
)


@pytest.fixture(scope="module")
def document() -> ElementTree.Element:
    return ElementTree.fromstring(to_junit(REPORT).encode())


def test_a_suite_a_submission_and_a_case_an_exercise(document: ElementTree.Element) -> None:
    suites = {suite.get("name"): [case.get("name") for case in suite.iter("testcase")] for suite in document}
    assert suites == {
        "ada.ipynb": ["grad_sigmoid", "grad_softmax", "grad_matmul"],
        "<b>,'.py": ["grad_conv2d"],
        "gone.ipynb": ["could be checked"],
    }


def test_the_counts_agree_with_the_cases(document: ElementTree.Element) -> None:
    counted = {"failure": "failures", "error": "errors", "skipped": "skipped"}
    for node in (document, *document):
        assert int(node.get("tests", "")) == len(list(node.iter("testcase")))
        for name, count in counted.items():
            if node is not document or name != "skipped":
                assert int(node.get(count, "")) == len(list(node.iter(name)))


def test_each_state_is_an_outcome_of_its_own(document: ElementTree.Element) -> None:
    outcomes = {case.get("name"): [child.tag for child in case] for case in document.iter("testcase")}
    assert outcomes == {
        "grad_sigmoid": [],
        "grad_softmax": ["failure"],
        "grad_matmul": ["skipped"],
        "grad_conv2d": ["error"],
        "could be checked": ["error"],
    }


def test_points_and_mistake_are_properties_of_the_suite(document: ElementTree.Element) -> None:
    properties = {p.get("name"): p.get("value") for p in document[0].iter("property")}
    assert properties["grad_sigmoid.points"] == "20"
    assert {name: text for name, text in properties.items() if name and name.startswith("grad_softmax.")} == {
        "grad_softmax.points": "8",
        "grad_softmax.max_points": "20",
        "grad_softmax.misconception": "sign-flipped",
    }


def test_nothing_stands_where_the_common_schema_has_no_place_for_it(document: ElementTree.Element) -> None:
    """Elements and attributes that every version of JUnit.xsd knows, in its order."""
    assert set(document.attrib) <= {"name", "time", "tests", "failures", "errors"}
    for suite in document:
        assert set(suite.attrib) <= {"name", "tests", "failures", "errors", "skipped"}
        tags = [child.tag for child in suite]
        assert tags in (["properties"] + ["testcase"] * (len(tags) - 1), ["testcase"] * len(tags))
        for case in suite.iter("testcase"):
            assert set(case.attrib) == {"classname", "name"}
            assert [child.tag for child in case] in ([], ["failure"], ["error"], ["skipped"])
            assert all(set(child.attrib) == {"message"} for child in case)


def test_what_xml_cannot_hold_is_replaced(document: ElementTree.Element) -> None:
    (failure,) = document.iter("failure")
    assert failure.get("message") == 'dx[0] < 0 & "wrong" \ufffd\ufffd[31m \ufffd'


def test_details_follow_the_message() -> None:
    suite = Suite("s", (Case("c", Outcome.FAILURE, "wrong", "think"),))
    (failure,) = ElementTree.fromstring(write_suites([suite]).encode()).iter("failure")
    assert failure.text == "wrong\nthink"


def test_check_prints_it(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("empty")
    done = CliRunner().invoke(cli, ["check", str(folder), "--format", "junit"])
    assert done.exit_code == 2
    assert [node.get("name") for node in ElementTree.fromstring(done.stdout.encode())] == [str(folder)]
