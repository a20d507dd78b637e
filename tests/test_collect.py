"""`gradecheck collect`: everybody's archives into submitted/, and a list of what has no place."""

import os
import shutil
import stat
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner
from handing import ASSIGNMENT, FILE, make_course, notebook, packed, zipped

from gradecheck.cli import cli

DUE = "2026-02-01T12:00+00:00"


@dataclass(frozen=True)
class Run:
    code: int
    out: str


@pytest.fixture(scope="module")
def blank(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_course(tmp_path_factory.mktemp("course"))


@pytest.fixture
def course(blank: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The course, nothing handed in, as the working directory."""
    root = tmp_path / "course"
    shutil.copytree(blank, root)
    monkeypatch.chdir(root)
    monkeypatch.setenv("PATH", os.defpath)
    return root


def collect(*arguments: str | Path, assignment: str | None = ASSIGNMENT) -> Run:
    options = ["--assignment", assignment] if assignment else []
    done = CliRunner().invoke(cli, ["collect", *map(str, arguments), *options])
    return Run(done.exit_code, done.output)


def submitted(course: Path) -> dict[str, str]:
    folder = course / "submitted"
    return {str(p.relative_to(folder)): p.read_text() for p in sorted(folder.rglob("*")) if p.is_file()}


def text_of(course: Path, student: str, name: str = FILE) -> str:
    return (course / "submitted" / student / ASSIGNMENT / name).read_text()


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
        f"emmy/{ASSIGNMENT}/timestamp.txt": "2026-02-01 12:00:01",
        f"zoe/{ASSIGNMENT}/{FILE}": notebook("zoe"),
    }
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
    assert (run.code, submitted(course)) == (1, {})


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
    assert submitted(course) == {
        f"ada/{ASSIGNMENT}/{FILE}": notebook(ASSIGNMENT),
        f"ada/{ASSIGNMENT}/timestamp.txt": "2026-01-30 17:00:00",
    }


def test_what_canvas_holds_may_be_an_archive_but_says_no_time_of_its_own(course: Path) -> None:
    inner = zipped(
        {f"x/{FILE}": notebook("ada"), "x/timestamp.txt": "2001-01-01 00:00:00 UTC", "bob/b.txt": ""}
    )
    run = collect(packed(course / "c.zip", {"lovelaceada_501_1_emmy.zip": inner}))
    assert (run.code, sorted(submitted(course))) == (0, [f"ada/{ASSIGNMENT}/{FILE}"])


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
    assert (run.code, submitted(course)) == (1, {})


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


# Archives that mean harm, and damaged ones: the rest is still collected

GOOD = {f"lovelaceada_501_1_{FILE}": notebook("good")}
BOMB = b"\0" * 30 * 2**20


def test_nothing_is_written_outside(course: Path) -> None:
    evil = {
        "../../evil.ipynb": "its name leads outside of the archive",
        "/abs/evil.ipynb": "its name is an absolute path",
        "\\evil.ipynb": "its name is an absolute path",
        "C:\\evil.ipynb": "its name starts with a drive letter",
        "a/..\\..\\evil.ipynb": "its name leads outside of the archive",
        "noetheremmy_502_1_a.ipynb\0.txt": "its name holds a NUL",
        "noetheremmy_502_1_\x1b[2J.ipynb": "its name holds characters that no file name should have",
        "noetheremmy_502_1_" + "e" * 300: "its name is too long",
    }
    before = {p for p in course.parent.rglob("*") if ".gradecheck" not in p.parts}
    run = collect(packed(course / "c.zip", {**dict.fromkeys(evil, notebook()), **GOOD}))
    new = {p for p in course.parent.rglob("*") if ".gradecheck" not in p.parts} - before
    assert {p for p in new if p.is_file()} == {course / "c.zip", course / "submitted/ada" / ASSIGNMENT / FILE}
    for reason in evil.values():
        assert reason in run.out
    assert "\x1b" not in run.out
    assert run.code == 1


def test_links_devices_encryption_and_damage_are_told(course: Path) -> None:
    link, pipe = Path("link"), Path("pipe")
    content = bytearray(
        zipped({"link": "/etc/passwd", "pipe": "", "locked": "x" * 99, "broken": "y" * 99, **GOOD})
    )
    entries = {
        name: content.rindex(b"PK\x01\x02", 0, content.rindex(name)) for name in (b"link", b"pipe", b"locked")
    }
    content[entries[b"link"] + 40 : entries[b"link"] + 42] = (stat.S_IFLNK | 0o777).to_bytes(2, "little")
    content[entries[b"pipe"] + 40 : entries[b"pipe"] + 42] = (stat.S_IFIFO | 0o777).to_bytes(2, "little")
    content[entries[b"locked"] + 8] |= 1
    content[content.index(b"broken") + 6] ^= 0xFF
    (course / "c.zip").write_bytes(content)
    run = collect(course / "c.zip")
    assert f"c.zip > {link}: is a link" in run.out
    assert f"c.zip > {pipe}: is no ordinary file" in run.out
    assert "c.zip > locked: is encrypted" in run.out
    assert "c.zip > broken: is damaged in its archive" in run.out
    assert text_of(course, "ada") == notebook("good")


def test_links_in_a_folder_are_not_followed(course: Path) -> None:
    folder = course / "in" / "ada"
    folder.mkdir(parents=True)
    (folder / FILE).write_text(notebook())
    (folder / "secret").symlink_to("/etc/passwd")
    (folder / "all").symlink_to("/etc")
    os.mkfifo(folder / "pipe")
    run = collect(course / "in")
    assert run.out.count("is a link") == 2
    assert "is no ordinary file" in run.out
    assert sorted(submitted(course)) == [f"ada/{ASSIGNMENT}/{FILE}"]


def test_bombs_do_not_unpack(course: Path) -> None:
    nested = zipped({"d.zip": zipped({"e.zip": zipped({FILE: "deep"})})})
    many = zipped({f"{n}": "" for n in range(1_100)})
    big = zipped({f"{n}.bin": os.urandom(2**20) + b"\0" * (45 * 2**20 // 5) for n in range(25)})
    entries = {
        "noetheremmy_502_1_zeros.ipynb": BOMB,
        "noetheremmy_502_2_deep.zip": nested,
        "noetheremmy_502_3_many.zip": many,
        "noetheremmy_502_4_big.zip": big,
        "noetheremmy_502_5_not.zip": b"PK no zip",
        **GOOD,
    }
    run = collect(packed(course / "c.zip", entries))
    assert "zeros.ipynb: unpacks to more than 200 times its size" in run.out
    assert "deep.zip > d.zip > e.zip: is an archive too deep within archives" in run.out
    assert "many.zip: holds more than 1000 files" in run.out
    assert "big.zip: unpacks to more than 200 MiB" in run.out
    assert sorted(submitted(course)) == [f"ada/{ASSIGNMENT}/{FILE}"]
    assert not (course / ".gradecheck" / "collect").exists()


@pytest.mark.parametrize("content", [b"", b"PK\x05\x06", b"no zip", zipped(GOOD)[:-30]])
def test_a_damaged_archive_is_one_sentence(course: Path, content: bytes) -> None:
    (course / "bad.zip").write_bytes(content)
    run = collect(course / "bad.zip", packed(course / "c.zip", GOOD))
    assert "bad.zip: is not a zip, or damaged" in run.out
    assert (run.code, text_of(course, "ada")) == (1, notebook("good"))


# What cannot be done


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


def test_without_students_nothing_is_guessed(course: Path) -> None:
    (course / "gradebook.db").unlink()
    run = collect(packed(course / "c.zip", GOOD))
    assert run.code == 2
    assert "no student is known, so nothing can be placed: nbgrader db student import FILE.csv" in run.out
