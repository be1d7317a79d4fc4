"""Told at the end of a test run: what the browser journeys measured, and what was not tested for want of a browser."""

import pytest

NO_BROWSER = "no Chromium, Chrome or Edge is installed here"
MEASURED = pytest.StashKey[dict[str, str]]()


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A worker hands what it measured to the process that reports."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["measured"] = session.config.stash.get(MEASURED, {})


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node) -> None:
    """The process that reports takes it."""
    measured = getattr(node, "workeroutput", {}).get("measured", {})
    node.config.stash.setdefault(MEASURED, {}).update(measured)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what was measured, and loudly what was not tested."""
    if seconds := terminalreporter.config.stash.get(MEASURED, {}):
        terminalreporter.section("measured in the browser")
        for name, text in seconds.items():
            terminalreporter.line(f"{name}: {text}")
    left_out = [report.nodeid for report in terminalreporter.getreports("skipped") if NO_BROWSER in report.longreprtext]
    if left_out:
        terminalreporter.section(f"NOT RUN: {len(left_out)} browser tests", sep="!", red=True, bold=True)
        terminalreporter.line(f"{NO_BROWSER}; nobody has checked these in a real browser:")
        for nodeid in left_out:
            terminalreporter.line(f"  {nodeid}")
