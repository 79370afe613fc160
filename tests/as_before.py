"""A test leaves the process as it found it: what it changed for all would make another one fail, now and then."""

import gc
import logging
import os
import signal
import sys
from dataclasses import asdict

import pytest

from obtura.engine.scan import Scan
from obtura.works.clock import clock

SET_ONCE = ("PYTEST_CURRENT_TEST", "PVXS_LOG", "PYDEVD_")
"""By what is imported late."""
SIGNALS = (signal.SIGINT, signal.SIGUSR2)
"""SIGTERM and SIGHUP are another's for good once an axis has jogged in this process."""


def process():
    """What tests change, and have to put back."""
    return {
        "deadlines of scans": asdict(Scan.deadlines),
        "who surrounds scans": Scan.surroundings,
        "clock": clock.source,
        "handlers of signals": [signal.getsignal(number) for number in SIGNALS],
        "blocked signals": signal.pthread_sigmask(signal.SIG_BLOCK, ()),
        "whether garbage is collected": gc.isenabled(),
        "trace function": sys.gettrace(),
        "profile function": sys.getprofile(),
        "level of the log": logging.getLogger("obtura").level,
        "working directory": os.getcwd(),
        **{f"${name}": value for name, value in os.environ.items() if not name.startswith(SET_ONCE)},
    }


@pytest.fixture(autouse=True)
def process_as_before():
    """Around everything else, since it is asked for first."""
    before = process()
    yield
    after = process()
    names = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    changed = [f"{name}: {after.get(name)}, it was {before.get(name)}" for name in names]
    assert not changed, "the test leaves to the others, changed: " + "; ".join(changed)
