"""What holds for every test."""

import os

import pytest
from hypothesis import settings

pytest_plugins = ["as_before", "shutter_boxes"]

IN_CI = bool(os.environ.get("CI"))

APART = [
    "crash/test_kill_at_write_calls.py",
    "engine/test_faults.py",
    "engine/test_every_line.py",
    "engine/test_storm.py",
    "engine/test_kill_at_every_call.py",
    "docs/test_snippets.py",
    "testing/test_assert_preset_ok.py",
    "cli/test_describing_commands.py",
    "session/test_left_behind.py",
]
"""Files with long tests, which share nothing: several workers may have some of them."""
FIRST = ["instruments/test_ophyd_epics.py", "session/test_beamtime.py", *APART]
"""What takes long comes first, so that all workers end at the same time."""

# How fast a machine is, is not what is asked. In CI examples are the same each time, elsewhere new ones are tried.
settings.register_profile("obtura", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("obtura")


def fail_if_skipped(report):
    """In CI nothing may be skipped: there, everything that a test needs is installed by its own files."""
    if IN_CI and report.skipped and not hasattr(report, "wasxfail"):
        where = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"{report.nodeid} was skipped, which CI does not allow: {where}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport():
    return fail_if_skipped((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report():
    return fail_if_skipped((yield))


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    places = {path: place for place, path in enumerate(FIRST)}
    items.sort(key=lambda item: places.get(_within_tests(item.nodeid), len(FIRST)))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """A file goes to one worker, as what its tests share does; those of `APART` in parts."""
    from xdist.scheduler import LoadFileScheduling

    class ByFile(LoadFileScheduling):
        def _split_scope(self, nodeid):
            return nodeid if _within_tests(nodeid) in APART else super()._split_scope(nodeid)

    config.option.loadscopereorder = False
    return ByFile(config, log)


def _within_tests(nodeid):
    return nodeid.partition("::")[0].removeprefix("tests/")


@pytest.fixture(scope="session", autouse=True)
def spool_of_the_tests(tmp_path_factory):
    """Scans whose disk is full go on here, not in the account's own spool."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OBTURA_SPOOL", str(tmp_path_factory.mktemp("spool")))
        yield


@pytest.fixture(scope="session", autouse=True)
def no_size_of_a_terminal():
    """Readline writes it into the environment, where it would hide the size of the terminals that tests open."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("COLUMNS", "LINES"):
            patch.delenv(name, raising=False)
        yield


@pytest.fixture
def home(tmp_path, monkeypatch):
    """An empty home directory, and nothing that leads to a beamline of the machine."""
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    for name in ("XDG_STATE_HOME", "XDG_CONFIG_HOME", "OBTURA_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    return home
