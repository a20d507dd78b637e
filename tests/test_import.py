"""`import gradecheck` is quick, quiet, and takes no TensorFlow."""

import os
import subprocess
import sys
import types

import gradecheck


def fresh(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, **environment},
        check=False,
    )


def test_importing_gradecheck_loads_no_tensorflow() -> None:
    done = fresh("-c", "import sys, gradecheck; print('tensorflow' in sys.modules)")
    assert (done.stdout, done.stderr) == ("False\n", "")


def test_the_commands_help_loads_no_tensorflow() -> None:
    done = fresh("-X", "importtime", "-m", "gradecheck", "check", "--help")
    assert done.returncode == 0
    assert "Judge notebooks, folders and Python files as they are saved." in done.stdout
    assert "tensorflow" not in done.stderr
    assert "nbgrader" not in done.stderr


def test_importing_gradecheck_first_keeps_the_start_of_tensorflow_off_stderr() -> None:
    """nbgrader gives no points to a graded cell with a line on stderr."""
    names = ("TF_CPP_MIN_LOG_LEVEL", "TF_ENABLE_ONEDNN_OPTS")
    script = f"import os, gradecheck; print(*map(os.environ.get, {names}))"
    bare = {name: value for name, value in os.environ.items() if not name.startswith("TF_")}
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, env=bare, check=False
    )
    assert (done.stdout, done.stderr) == ("3 0\n", "")


def test_a_setting_of_the_users_own_is_respected() -> None:
    script = "import os, gradecheck; print(os.environ['TF_CPP_MIN_LOG_LEVEL'])"
    assert fresh("-c", script, TF_CPP_MIN_LOG_LEVEL="0").stdout == "0\n"


def test_all_lists_exactly_the_public_names() -> None:
    visible = {
        name
        for name, value in vars(gradecheck).items()
        if not name.startswith("_") and not isinstance(value, types.ModuleType)
    }
    assert visible == set(gradecheck.__all__)
    assert list(gradecheck.__all__) == sorted(gradecheck.__all__)


def test_the_version_is_the_one_of_the_command() -> None:
    assert fresh("-m", "gradecheck", "--version").stdout == f"gradecheck, version {gradecheck.__version__}\n"
