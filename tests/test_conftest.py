"""Where GRADECHECK_CI=1 is set, a skipped test fails the session."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent


@pytest.mark.parametrize(("setting", "code"), [("1", 1), ("0", 0)])
def test_skips_fail_the_session_in_ci_only(tmp_path: Path, setting: str, code: int) -> None:
    shutil.copy(HERE / "conftest.py", tmp_path / "conftest.py")
    (tmp_path / "test_one.py").write_text(
        "import pytest\ndef test_one(): pass\ndef test_two(): pytest.skip('no browser')\n", encoding="utf-8"
    )
    environment = {**os.environ, "GRADECHECK_CI": setting, "PYTHONPATH": str(HERE.parent)}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=tmp_path, check=False)
    assert done.returncode == code
    assert ("nothing may be skipped" in done.stdout) == (setting == "1")
