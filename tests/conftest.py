"""What all tests share."""

import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from gradecheck.run.client import Template

# Machines are shared: how long drawing or trying an example takes says nothing of the code.
settings.register_profile("shared", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("shared")


@pytest.fixture(scope="session")
def template() -> Iterator[Template]:
    """One template process for the whole session: starting it costs an import of TensorFlow."""
    with Template() as started:
        yield started


@pytest.fixture
def in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Grading judges in the test's own process, as on macOS, so that a test can break what judges."""
    from gradecheck.nbgrader import grading, local  # no other test has to wait for nbgrader

    monkeypatch.setattr(grading, "BesidePool", local.LocalPool)


def _skipped(config: pytest.Config) -> int:
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    return len(reporter.stats.get("skipped", [])) if reporter else 0


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Where everything is installed, a skipped test is a test that nobody runs."""
    if os.environ.get("GRADECHECK_CI") == "1" and _skipped(session.config):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if os.environ.get("GRADECHECK_CI") == "1" and _skipped(config):
        terminalreporter.section("GRADECHECK_CI=1: nothing may be skipped, so this run has failed", red=True)
