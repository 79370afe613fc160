"""Counts what the crash tests did: `make crash-test` ends with these numbers, which are in the docs."""

from collections import Counter

import pytest

DONE = pytest.StashKey[Counter]()


def pytest_configure(config):
    config.stash[DONE] = Counter()


@pytest.fixture
def tally(request):
    """`tally[layout, where] += 1` for each kill; `tally[layout, "rows"]`: rows that had been announced."""
    return request.config.stash[DONE]


def pytest_sessionfinish(session):
    """One of several workers hands its numbers over."""
    config = session.config
    if hasattr(config, "workeroutput"):
        config.workeroutput["kills"] = [(*key, number) for key, number in config.stash[DONE].items()]


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node):
    for layout, where, number in getattr(node, "workeroutput", {}).get("kills", ()):
        node.config.stash[DONE][layout, where] += number


def pytest_terminal_summary(terminalreporter, config):
    done = config.stash[DONE]
    if not done:
        return
    terminalreporter.section("kills, each at another call")
    wheres = sorted({where for _, where in done})
    for layout in sorted({layout for layout, _ in done}):
        counts = [f"{where} {done[layout, where]}" for where in wheres if (layout, where) in done]
        terminalreporter.write_line(f"{layout}: {', '.join(counts)}")
