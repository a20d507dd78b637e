"""`gradecheck collect`: everybody's archives into submitted/, and a list of what has no place."""

import os
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest
from handing import (
    ASSIGNMENT,
    FILE,
    Run,
    collect,
    make_course,
    notebook,
    packed,
    submitted,
    text_of,
    times,
    zipped,
)

DUE = "2026-02-01T12:00+00:00"
#: What nbgrader is told of a file that has only the archive's date, which is in this machine's zone.
ARCHIVED = f"{datetime(2026, 1, 30, 17).astimezone(UTC):%Y-%m-%d %H:%M:%S}"


@pytest.fixture(scope="module")
def blank(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_course(tmp_path_factory.mktemp("course"))


@pytest.fixture
def course(blank: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The course, nothing handed in, as the working directory."""
    monkeypatch.chdir(shutil.copytree(blank, tmp_path / "course"))
    monkeypatch.setenv("PATH", os.defpath)
    return tmp_path / "course"


# Where files come from


def test_canvas_names_are_read_as_canvas_writes_them(course: Path) -> None:
    entries = {
        f"lovelaceada_501_9001_{FILE}": notebook("ada"),
        f"noetheremmy_LATE_502_9002_{ASSIGNMENT}-1.ipynb": notebook("emmy"),
        f"delacruzoneiljrzoë_777_9003_{FILE}": notebook("zoe"),
        "lovelaceada_501_9004_data_1_2_3.csv": "1,2",
        "lovelaceada_501_text.html": "typed",
    }
    run = collect(packed(course / "submissions.zip", entries), "--late-from", DUE)
    assert submitted(course) == {
        f"ada/{ASSIGNMENT}/{FILE}": notebook("ada"),
        f"ada/{ASSIGNMENT}/data_1_2_3.csv": "1,2",
        f"emmy/{ASSIGNMENT}/{FILE}": notebook("emmy"),
        f"zoe/{ASSIGNMENT}/{FILE}": notebook("zoe"),
    }
    assert times(course) == {"ada": ARCHIVED, "emmy": "2026-02-01 12:00:01", "zoe": ARCHIVED}
    assert f"{ASSIGNMENT}-1.ipynb was taken as {FILE}" in run.out
    assert "late, as Canvas marks it" in run.out
    assert "submissions.zip > lovelaceada_501_text.html: nothing in its name is a student" in run.out
    assert run.code == 1


@pytest.mark.parametrize("flat", [False, True])
def test_moodle_names_are_read_as_moodle_writes_them(course: Path, flat: bool) -> None:
    between = "_" if flat else "/"
    entries = {
        f"Ada Lovelace_77_assignsubmission_file_{between}{FILE}": notebook("ada"),
        f"Zoë de la Cruz-O’Neil, Jr._78_assignsubmission_file_{between}{FILE}": notebook("zoe"),
        "Emmy Noether_79_assignsubmission_onlinetext_/onlinetext.html": "typed",
        f"Eve Nobody_80_assignsubmission_file_{between}{FILE}": notebook("eve"),
        f"Kim Lee_81_assignsubmission_file_{between}{FILE}": notebook("kim"),
    }
    run = collect(packed(course / "m.zip", entries))
    assert sorted(submitted(course)) == [f"ada/{ASSIGNMENT}/{FILE}", f"zoe/{ASSIGNMENT}/{FILE}"]
    assert "is no file that was handed in, but a text typed into Moodle" in run.out
    assert "no student is called Eve Nobody or has Moodle's number 80" in run.out
    assert "Kim Lee could be kim.a or kim.b" in run.out
    assert run.code == 1


def test_a_file_of_students_says_more(course: Path) -> None:
    (course / "s.csv").write_text(
        "id,moodle,timestamp\nkim.b,81,2026-01-30 10:00+01:00\nnew,82,\n", encoding="utf-8"
    )
    entries = {
        f"Kim Lee_81_assignsubmission_file_/{FILE}": notebook("kim"),
        f"Nils New_82_assignsubmission_file_/{FILE}": notebook("new"),
    }
    run = collect(packed(course / "m.zip", entries), "--students", "s.csv")
    assert (run.code, text_of(course, "new")) == (0, notebook("new"))
    assert text_of(course, "kim.b", "timestamp.txt") == "2026-01-30 09:00:00"


def test_number_and_name_must_agree(course: Path) -> None:
    run = collect(packed(course / "c.zip", {f"lovelaceada_502_1_{FILE}": notebook()}))
    assert "Canvas's number 502 is emmy, but the name lovelaceada is ada" in run.out
    assert (run.code, submitted(course)) == (2, {})


def test_a_folder_of_folders(course: Path) -> None:
    folder = course / "from mail"
    for student in ("ada", "-dash", "unknown"):
        (folder / student).mkdir(parents=True)
        (folder / student / FILE).write_text(notebook(student))
    (folder / "emmy.zip").write_bytes(zipped({f"my work/{FILE}": notebook("emmy"), "my work/a.txt": "a"}))
    (folder / "unknown" / "zoe.ipynb").write_text(notebook("not zoe's"))
    run = collect(folder)
    assert sorted(submitted(course)) == [
        f"-dash/{ASSIGNMENT}/{FILE}",
        f"ada/{ASSIGNMENT}/{FILE}",
        f"emmy/{ASSIGNMENT}/a.txt",
        f"emmy/{ASSIGNMENT}/{FILE}",
    ]
    assert run.code == 1
    assert run.out.count("nothing in its name is a student of this course") == 2


def test_nbgraders_own_folders_with_their_time(course: Path) -> None:
    for assignment in (ASSIGNMENT, "tensor_derivatives"):
        folder = course / "old" / "submitted" / "ada" / assignment
        folder.mkdir(parents=True)
        (folder / f"{assignment}.ipynb").write_text(notebook(assignment))
        (folder / "timestamp.txt").write_text("2026-01-30 17:00:00.000000 UTC")
    assert collect(course / "old").code == 0
    assert submitted(course) == {f"ada/{ASSIGNMENT}/{FILE}": notebook(ASSIGNMENT)}
    assert times(course) == {"ada": "2026-01-30 17:00:00"}


def test_what_canvas_holds_may_be_an_archive_but_says_no_time_of_its_own(course: Path) -> None:
    inner = zipped(
        {f"x/{FILE}": notebook("ada"), "x/timestamp.txt": "2001-01-01 00:00:00 UTC", "bob/b.txt": ""}
    )
    run = collect(packed(course / "c.zip", {"lovelaceada_501_1_emmy.zip": inner}))
    assert (run.code, sorted(submitted(course))) == (0, [f"ada/{ASSIGNMENT}/{FILE}"])
    assert times(course) == {"ada": ARCHIVED}


def test_nobody_is_late_by_the_date_of_a_download(course: Path) -> None:
    canvas = {f"lovelaceada_501_1_{FILE}": notebook(), f"noetheremmy_LATE_502_1_{FILE}": notebook()}
    moodle = {f"Zoë de la Cruz-O’Neil, Jr._78_assignsubmission_file_/{FILE}": notebook()}
    archives = [packed(course / "c.zip", canvas), packed(course / "m.zip", moodle)]
    run = collect(*archives, "--late-from", "2026-01-15")
    assert times(course) == {"ada": "2026-01-15 00:00:00", "emmy": "2026-01-15 00:00:01"}
    assert "when it was handed in is not known" in run.out


# Renamed, doubled, later


@pytest.mark.parametrize(
    "name",
    ["Understanding_Gradients.IPYNB", f"{ASSIGNMENT} (2).ipynb", "final, really “final”.ipynb", "-rf.ipynb"],
)
def test_a_renamed_notebook_is_taken_and_told(course: Path, name: str) -> None:
    run = collect(packed(course / "c.zip", {f"lovelaceada_501_1_{name}": notebook("mine")}))
    assert (run.code, text_of(course, "ada")) == (0, notebook("mine"))
    assert f"{name} was taken as {FILE}" in run.out


def test_of_two_renamed_notebooks_none_is_guessed(course: Path) -> None:
    entries = {f"lovelaceada_501_{n}_try{n}.ipynb": notebook() for n in (1, 2)}
    run = collect(packed(course / "c.zip", entries))
    assert f"c.zip > ada: none of its notebooks is {FILE}: try1.ipynb, try2.ipynb" in run.out
    assert (run.code, submitted(course)) == (2, {})


def test_of_two_copies_the_later_counts(course: Path) -> None:
    entries = {
        f"lovelaceada_501_8_{ASSIGNMENT}-2.ipynb": notebook("second"),
        f"lovelaceada_501_7_{FILE}": notebook("first"),
    }
    run = collect(packed(course / "c.zip", entries))
    assert submitted(course) == {f"ada/{ASSIGNMENT}/{FILE}": notebook("second")}
    assert f"{FILE} was left out for {ASSIGNMENT}-2.ipynb" in run.out


def test_names_that_differ_in_case_alone_are_not_both_taken(course: Path) -> None:
    entries = {FILE: notebook(), "Data.csv": "1", "data.csv": "2"}
    run = collect(packed(course / "ada.zip", entries))
    assert sorted(submitted(course)) == [f"ada/{ASSIGNMENT}/data.csv", f"ada/{ASSIGNMENT}/{FILE}"] or sorted(
        submitted(course)
    ) == [f"ada/{ASSIGNMENT}/Data.csv", f"ada/{ASSIGNMENT}/{FILE}"]
    assert "was left out, as another file has that name" in run.out


def test_a_later_submission_takes_the_place_and_an_earlier_does_not(course: Path) -> None:
    first = packed(course / "1.zip", {f"lovelaceada_501_1_{FILE}": notebook("1")})
    later = packed(course / "2.zip", {f"lovelaceada_501_2_{FILE}": notebook("2")}, date=(2099, 2, 1))
    assert collect(first).code == 0
    assert "ada: as it was collected before" in collect(first).out
    assert "ada: collected, in place of an earlier one" in collect(later).out
    assert text_of(course, "ada") == notebook("2")
    run = collect(first)
    assert (run.code, text_of(course, "ada")) == (1, notebook("2"))
    assert "what was collected before is later; --force takes this one" in run.out
    assert collect(first, "--force").code == 0
    assert text_of(course, "ada") == notebook("1")


def test_of_several_archives_the_latest_counts(course: Path) -> None:
    early = packed(course / "a.zip", {f"lovelaceada_501_1_{FILE}": notebook("1")})
    late = packed(course / "b.zip", {f"lovelaceada_501_2_{FILE}": notebook("2")}, date=(2026, 2, 1))
    run = collect(late, early)
    assert "a.zip > ada: was left out: there is a later submission" in run.out
    assert text_of(course, "ada") == notebook("2")


def test_two_archives_of_one_name_are_two(course: Path) -> None:
    for folder, text, year in (("a", "1", 2025), ("b", "2", 2026)):
        (course / folder).mkdir()
        beside = {f"{folder}.txt": folder, FILE: notebook(text)}
        packed(course / folder / "ada.zip", beside, date=(year, 1, 1))
    collect(course / "a" / "ada.zip", course / "b" / "ada.zip")
    assert sorted(submitted(course)) == [f"ada/{ASSIGNMENT}/b.txt", f"ada/{ASSIGNMENT}/{FILE}"]


# What cannot be done

GOOD = {f"lovelaceada_501_1_{FILE}": notebook("good")}


def test_what_is_missing_is_exit_2(course: Path) -> None:
    assert collect("gone.zip") == Run(2, "gradecheck: there is no gone.zip; nothing was collected\n")
    archive = packed(course / "c.zip", GOOD)
    there_are = "there are: tensor_derivatives, understanding_gradients\n"
    run = collect(archive, assignment="nonsense")
    assert run == Run(2, f"gradecheck: there is no assignment 'nonsense'; {there_are}")
    assert collect(archive, assignment=None).out.endswith(
        f"name the assignment with --assignment; {there_are}"
    )
    assert "no time such as" in collect(archive, "--late-from", "tomorrow").out
    (course / "s.csv").write_text("name\nAda\n")
    assert "has no column `id`" in collect(archive, "--students", "s.csv").out
    (course / "s.csv").write_text("id\n../../evil\n")
    assert "line 2: '../../evil' cannot be the name" in collect(archive, "--students", "s.csv").out


@pytest.mark.parametrize(
    "entries", [{}, {"stranger_9_1_a.ipynb": notebook()}, {"lovelaceada_501_1_a.txt": ""}]
)
def test_what_has_nothing_for_anybody_is_exit_2(course: Path, entries: dict[str, str]) -> None:
    run = collect(packed(course / "c.zip", entries))
    assert (run.code, submitted(course)) == (2, {})
    assert "nothing could be collected: there is no submission of understanding_gradients" in run.out


def test_without_students_nothing_is_guessed(course: Path) -> None:
    (course / "gradebook.db").unlink()
    run = collect(packed(course / "c.zip", GOOD))
    assert run.code == 2
    assert "no student is known, so nothing can be placed: nbgrader db student import FILE.csv" in run.out
    assert not (course / "gradebook.db").exists()
