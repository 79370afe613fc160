"""Ordered virtual time: threads take turns, and time moves on only when all of them wait."""

import math
import threading

import pytest

from obtura.works.clock import Flag, clock
from obtura.works.lanes import Batch, ThreadLane
from obtura.works.ordered import OrderedTime


@pytest.fixture
def time():
    before = clock.source
    ordered = OrderedTime(1_000.0)
    clock.use(ordered)
    yield ordered
    clock.use(before)
    ordered.end()


def together(*functions):
    """Call each on a lane of its own, and wait for all."""
    lanes = [ThreadLane(f"lane {number}") for number in range(len(functions))]
    batch = Batch()
    for lane, function in zip(lanes, functions, strict=True):
        batch.add(lane, "call", function)
    try:
        batch.wait(lambda: None)
    finally:
        for lane in lanes:
            lane.close()


def test_waits_side_by_side_take_as_long_as_the_longest(time):
    together(lambda: clock.sleep(3.0), lambda: clock.sleep(5.0), lambda: clock.sleep(4.0))
    assert time.time() == 5.0
    assert time.epoch() == 1_005.0


def ticks():
    """Two lanes that tick at their own pace: who saw which moment, in order."""
    seen, began = [], clock.time()

    def tick(name, period):
        for _ in range(6):
            clock.sleep(period)
            seen.append((name, clock.time() - began))

    together(lambda: tick("slow", 3.0), lambda: tick("fast", 2.0))
    return seen


def test_who_waits_for_the_earlier_moment_goes_on_first_each_time(time):
    first = ticks()
    assert [moment for _, moment in first] == [2, 3, 4, 6, 6, 8, 9, 10, 12, 12, 15, 18]
    assert all(ticks() == first for _ in range(20))


def test_a_flag_ends_a_wait_at_the_moment_at_which_it_is_set(time):
    flag, woken = Flag(), []

    def set_later():
        clock.sleep(2.0)
        flag.set()
        clock.sleep(1.0)

    together(set_later, lambda: woken.append((clock.wait(flag, 100.0), clock.time())))
    assert woken == [(True, 2.0)]
    assert time.time() == 3.0


def test_what_is_planned_happens_in_the_middle_of_a_wait(time):
    seen = []
    time.at(7.0, lambda: seen.append(clock.time()))
    time.at(4.0, lambda: time.at(5.0, lambda: seen.append(clock.time())))
    clock.sleep(10.0)
    assert seen == [5.0, 7.0]
    assert time.time() == 10.0


def test_ctrl_c_that_is_planned_ends_the_wait_of_the_main_thread_at_its_moment(time):
    time.at(4.0, time.press)
    with pytest.raises(KeyboardInterrupt):
        clock.sleep(10.0)
    assert time.time() == 4.0


def test_a_wait_for_what_never_comes_is_ended_by_the_next_event_that_is_planned(time):
    time.at(60.0, time.press)
    with pytest.raises(KeyboardInterrupt):
        together(lambda: clock.sleep(math.inf))
    assert time.time() == 60.0


def test_a_thread_that_takes_no_part_waits_by_this_time_too(time):
    seen = []
    thread = threading.Thread(target=lambda: (clock.sleep(30.0), seen.append(clock.time())))
    thread.start()
    thread.join(60)
    assert seen == [30.0]
