"""`works.clock`: flags, real and virtual time."""

import threading
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from obtura.works.clock import Flag, RealTime, clock, virtual_time


def test_a_flag_wakes_all_who_wait_and_whoever_comes_later():
    flag, woken = Flag(), []
    threads = [threading.Thread(target=lambda: woken.append(flag.wait(60))) for _ in range(5)]
    for thread in threads:
        thread.start()
    flag.set()
    for thread in threads:
        thread.join(60)
    assert woken == [True] * 5
    assert flag.wait(60)
    flag.set()
    assert flag.is_set


@pytest.mark.parametrize("timeout", [0, -1, 0.001])
def test_a_wait_for_a_flag_that_is_not_set_ends_with_its_time(timeout):
    assert Flag().wait(timeout) is False


def test_a_wait_of_any_length_is_possible():
    flag = Flag()
    threading.Timer(0.01, flag.set).start()
    assert flag.wait(1e12)


@given(st.lists(st.floats(-1, 1e6), max_size=20))
def test_virtual_time_passes_only_and_exactly_when_somebody_waits(pauses):
    with virtual_time() as source:
        began = clock.time()
        real = time.monotonic()
        expected = 0.0
        for pause in pauses:
            clock.sleep(pause)
            expected += max(pause, 0.0)
            assert clock.time() == pytest.approx(began + expected)
        assert clock.epoch() == pytest.approx(1_552_475_171.0 + expected)
        assert clock.source is source
        assert time.monotonic() - real < 5
    assert isinstance(clock.source, RealTime)


def test_virtual_time_stands_still_for_a_flag_that_is_set():
    with virtual_time():
        flag = Flag()
        assert clock.wait(flag, 5) is False
        assert clock.time() == 5
        flag.set()
        assert clock.wait(flag, 5) is True
        assert clock.time() == 5


def test_virtual_time_is_shared_by_threads():
    with virtual_time():
        threads = [threading.Thread(target=lambda: [clock.sleep(0.25) for _ in range(400)]) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert clock.time() == 400.0


def test_real_time_goes_on_and_its_waits_end_early_for_a_flag():
    before = clock.time()
    clock.sleep(0.002)
    assert clock.time() - before >= 0.002
    before = time.time()
    assert before - 0.1 <= clock.epoch() <= time.time() + 0.1
    flag = Flag()
    threading.Timer(0.01, flag.set).start()
    assert clock.wait(flag, 30) is True
    assert clock.time() - before < 5


def test_the_clock_is_as_before_also_after_an_error():
    source = clock.source
    with pytest.raises(ZeroDivisionError), virtual_time():
        raise ZeroDivisionError
    assert clock.source is source
    assert clock.time == source.time
