"""Whatever goes wrong, wherever: every call of these scans x every fault, every invariant each time."""

import logging
import signal

import pytest
from harness import noted_presses, places, try_fault
from recording import FAULTS
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
    for number, key in enumerate(places(name)):
        try_fault(name, number, key, kind)
