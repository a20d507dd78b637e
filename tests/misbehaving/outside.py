"""Submissions that write, delete and link outside of their folder; all aim at canaries only."""

from misbehaving.case import RIGHT, Case

_WRITE = """
import os
for folder in ("@COURSE@", "@CANARY@", "@HOME@", "@PACKAGE@", "@ROOT@", "/etc", "/usr", "/", "/var/tmp",
               "/dev", "/proc/1/root@CANARY@", "../../..@CANARY@"):
    try:
        open(folder + "/gradecheck-canary-written", "w").write("x")
    except OSError:
        pass
"""

_DELETE = """
import os, shutil
for folder in ("@COURSE@", "@CANARY@", "@HOME@"):
    shutil.rmtree(folder, ignore_errors=True)
    try: os.chmod(folder, 0)
    except OSError: pass
"""

_GRADEBOOK = """
import sqlite3
book = sqlite3.connect("@COURSE@/gradebook.db")
book.execute("update grade set manual_score = 20")
book.commit()
"""

_OWN_FOLDER = """
import os, shutil
for name in os.listdir("."):
    os.remove(name)
open("gradebook.db", "w").write("mine")
os.mkdir("undeletable")
open("undeletable/file", "w").write("x")
os.symlink("@CANARY@", "way-out")
os.chmod("undeletable", 0)
os.chmod(".", 0)
"""

_LINKS = """
import os
for source in ("@CANARY@/canary.txt", "@COURSE@/gradebook.db", "/etc/passwd", "/etc/shadow"):
    for make in (os.link, os.symlink):
        try: make(source, "link"); open("link", "a").write("x")
        except OSError: pass
        try: os.remove("link")
        except OSError: pass
"""

_SHELL = """
%%bash
rm -rf @CANARY@ @HOME@ 2>/dev/null
echo x > @COURSE@/written 2>/dev/null
chmod -R 000 @CANARY@ 2>/dev/null
"""

CASES = tuple(
    Case(name, RIGHT["sigmoid"], 1.0, before=(text,), files={"data.txt": "1 2 3"})
    for name, text in {
        "write-outside": _WRITE,
        "delete-outside": _DELETE,
        "score-in-the-gradebook": _GRADEBOOK,
        "own-folder-undeletable": _OWN_FOLDER,
        "links-to-outside": _LINKS,
        "shell-cell": _SHELL,
    }.items()
)
