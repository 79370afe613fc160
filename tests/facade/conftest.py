"""What holds for every test of the facade: no handler of a signal is left behind."""

import signal

import pytest


@pytest.fixture(autouse=True)
def handlers_are_left_as_they_were():
    before = [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGURG)]
    yield
    assert [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGURG)] == before
