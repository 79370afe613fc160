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

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR2)


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
        "umask": _umask(),
        "environment": {name: value for name, value in os.environ.items() if name != "PYTEST_CURRENT_TEST"},
    }


def _umask():
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


@pytest.fixture(autouse=True)
def process_as_before():
    """Around everything else, since it is asked for first."""
    before = process()
    yield
    after = process()
    changed = [f"{name}: {after[name]}, it was {was}" for name, was in before.items() if after[name] != was]
    assert not changed, "the test leaves to the others, changed: " + "; ".join(changed)
