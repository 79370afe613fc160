"""Whatever goes wrong, wherever: every call of these scans x every fault, every invariant each time."""

import logging
import signal
import sys

import pytest
from harness import noted_presses, places, try_fault
from recording import FAULTS, RARE
from worlds import WORLDS

from obtura.works.clock import virtual_time


@pytest.fixture(autouse=True)
def quiet():
    """No tracebacks in the log, virtual time, and a Ctrl-C that comes late harms nobody."""
    log = logging.getLogger("obtura")
    level = log.level
    log.setLevel(logging.CRITICAL + 1)
    _, before = noted_presses()
    with virtual_time():
        yield
    signal.signal(signal.SIGINT, before)
    log.setLevel(level)


@pytest.mark.parametrize("kind", FAULTS)
@pytest.mark.parametrize("name", WORLDS)
def test_what_was_entered_is_left_whatever_goes_wrong(name, kind):
    rare = kind in RARE and name != "one_branch"
    for number, key in enumerate(places(name)):
        if not rare or number % 3 == RARE.index(kind) % 3:
            try_fault(name, number, key, kind)


@pytest.mark.parametrize("kind", ["ctrl-c-before", "ctrl-c-during", "raises"])
@pytest.mark.parametrize("name", WORLDS)
def test_it_holds_when_threads_switch_all_the_time(name, kind):
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        for number, key in list(enumerate(places(name)))[::4]:
            try_fault(name, number, key, kind)
    finally:
        sys.setswitchinterval(interval)
