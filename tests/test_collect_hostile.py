"""Archives that mean harm, and damaged ones: nothing happens but a sentence, and the rest is collected."""

import os
import shutil
import stat
from pathlib import Path

import pytest
from handing import ASSIGNMENT, FILE, collect, make_course, notebook, packed, submitted, text_of, zipped

GOOD = {f"lovelaceada_501_1_{FILE}": notebook("good")}
BOMB = b"\0" * 30 * 2**20


@pytest.fixture(scope="module")
def blank(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_course(tmp_path_factory.mktemp("course"))


@pytest.fixture
def course(blank: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The course, nothing handed in, as the working directory."""
    monkeypatch.chdir(shutil.copytree(blank, tmp_path / "course"))
    monkeypatch.setenv("PATH", os.defpath)
    return tmp_path / "course"


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
    place = course / "submitted" / "ada" / ASSIGNMENT
    assert {p for p in new if p.is_file()} == {course / "c.zip", place / FILE, place / "timestamp.txt"}
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


@pytest.mark.parametrize("name", ["all.tar.gz", "All.RAR", "all.7z"])
def test_another_kind_of_archive_is_told_to_be_one(course: Path, name: str) -> None:
    (course / name).write_bytes(b"Rar!")
    run = collect(course / name)
    assert (run.code, "is an archive, but no zip: unpack it" in run.out) == (2, True)


def test_a_file_where_another_needs_a_folder_stops_nobody(course: Path) -> None:
    inner = zipped({FILE: notebook("emmy"), "data": "x", "data/b.csv": "1", "d/" * 40 + "x": "deep"})
    run = collect(packed(course / "c.zip", {"noetheremmy_502_1_a.zip": inner, **GOOD}))
    assert (text_of(course, "emmy"), text_of(course, "ada")) == (notebook("emmy"), notebook("good"))
    assert "was left out, as another file has that name" in run.out
    assert "its name is too long" in run.out
