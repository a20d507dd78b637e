"""The seeds of hidden cases."""

from pathlib import Path

import pytest

from gradecheck.errors import CourseNotReady
from gradecheck.nbgrader.secret import SECRET_FILE, course_secret, hidden_seed


def test_the_secret_is_made_once_and_kept(tmp_path: Path) -> None:
    secret = course_secret(tmp_path)
    assert len(secret) == 32
    assert course_secret(tmp_path) == secret
    assert (tmp_path / SECRET_FILE).stat().st_mode & 0o777 == 0o600
    assert [p.name for p in (tmp_path / SECRET_FILE).parent.iterdir()] == ["secret"]


def test_two_courses_have_two_secrets(tmp_path: Path) -> None:
    for name in "ab":
        (tmp_path / name).mkdir()
    assert course_secret(tmp_path / "a") != course_secret(tmp_path / "b")


def test_a_seed_depends_on_all_of_secret_student_exercise_and_attempt() -> None:
    seeds = {
        hidden_seed(secret, student, exercise, attempt)
        for secret in (b"1", b"2")
        for student in ("ada", "bo")
        for exercise in ("grad_log", "grad_relu")
        for attempt in (1, 2)
    }
    assert len(seeds) == 16
    assert all(0 <= seed < 2**48 for seed in seeds)
    assert hidden_seed(b"1", "ab", "c", 1) != hidden_seed(b"1", "a", "bc", 1)


@pytest.mark.parametrize("text", ["", "abcd", "not hexadecimal"])
def test_a_spoilt_secret_is_an_operators_error(text: str, tmp_path: Path) -> None:
    path = tmp_path / SECRET_FILE
    path.parent.mkdir()
    path.write_text(text, encoding="ascii")
    with pytest.raises(CourseNotReady, match="course secret"):
        course_secret(tmp_path)
