"""Ctrl-C from another process: who sends it, and what must not be left behind."""

import gc
import logging
import signal

import pytest
from harness import noted_presses
from sigint_sender import Sender

from obtura.testing import Leftovers


@pytest.fixture(scope="module")
def sender():
    process = Sender()
    yield process
    process.close()


@pytest.fixture
def presses():
    log = logging.getLogger("obtura")
    level = log.level
    log.setLevel(logging.CRITICAL + 1)
    noted, before = noted_presses()
    yield noted
    signal.signal(signal.SIGINT, before)
    log.setLevel(level)


@pytest.fixture
def left():
    leftovers = Leftovers()
    yield
    leftovers.check()


@pytest.fixture(autouse=True)
def no_callbacks_of_the_garbage_collector():
    """Python swallows a Ctrl-C that lands in one, and hypothesis leaves one behind."""
    before = gc.callbacks[:]
    gc.callbacks.clear()
    yield
    gc.callbacks[:] = before
