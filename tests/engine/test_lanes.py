"""`works.lanes`: calls on threads and on the private loop, and waiting for several of them."""

import asyncio
import threading
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from obtura.ground.errors import DeviceBusyError
from obtura.works.lanes import AsyncLane, Batch, Call, Loop, ThreadLane


def nothing():
    return None


@pytest.fixture
def lane():
    lane = ThreadLane("device")
    yield lane
    lane.close()


@pytest.fixture
def loop():
    loop = Loop()
    yield loop
    loop.close()


def gone(name):
    """Wait until no thread has this name."""
    until = time.monotonic() + 60
    while any(thread.name == name for thread in threading.enumerate()):
        assert time.monotonic() < until, f"{name} still lives"
        time.sleep(0.001)


# -- thread lanes -----------------------------------------------------------------------------------------------


def test_a_lane_makes_its_calls_on_one_thread_in_order(lane):
    seen = []
    batch = Batch()
    for number in range(20):
        batch.add(lane, f"call {number}", lambda number=number: seen.append((number, threading.get_ident())))
    batch.wait(nothing)
    assert [number for number, _ in seen] == list(range(20))
    assert {thread for _, thread in seen} == {lane._thread.ident}


def test_a_lane_is_busy_with_the_call_in_progress_and_idle_before_its_waiter_goes_on(lane):
    go = threading.Event()
    batch = Batch()
    first = batch.add(lane, "first", lambda: go.wait(60))
    batch.add(lane, "second", nothing)
    assert lane.busy is first
    go.set()
    batch.wait(nothing)
    assert lane.busy is None


def test_a_lane_that_is_idle_shows_the_error_of_its_last_call(lane):
    for _ in range(200):
        batch = Batch()
        call = batch.add(lane, "call", lambda: 1 / 0)
        while lane.busy is not None:
            pass
        assert isinstance(call.error, ZeroDivisionError)


def test_a_call_beside_does_not_wait_for_the_one_in_progress(lane):
    go = threading.Event()
    batch = Batch()
    batch.add(lane, "waits", lambda: go.wait(60))
    lane.beside(stop := Call("stop", go.set))
    batch.wait(nothing)
    assert stop.done.wait(60)
    gone("beside device")


@pytest.mark.parametrize("kind", [ValueError, SystemExit, KeyboardInterrupt, GeneratorExit, StopIteration])
def test_whatever_a_call_raises_is_raised_to_the_waiter_and_the_lane_lives_on(lane, kind):
    error = kind("no")

    def fail():
        raise error

    batch = Batch()
    batch.add(lane, "fails", fail)
    with pytest.raises(kind) as caught:
        batch.wait(nothing)
    assert caught.value is error
    again = Batch()
    again.add(lane, "works", nothing)
    again.wait(nothing)


def test_on_start_comes_first_on_the_thread_of_the_lane():
    seen = []
    lane = ThreadLane("device", lambda: seen.append(threading.get_ident()))
    batch = Batch()
    batch.add(lane, "call", lambda: seen.append(threading.get_ident()))
    batch.wait(nothing)
    lane.close()
    assert len(seen) == 2
    assert len(set(seen)) == 1


def test_when_on_start_fails_every_call_fails_with_its_error_and_none_is_made():
    made = []
    lane = ThreadLane("device", lambda: 1 / 0)
    for _ in range(2):
        batch = Batch()
        batch.add(lane, "call", lambda: made.append(1))
        with pytest.raises(ZeroDivisionError):
            batch.wait(nothing)
    lane.close()
    assert made == []


def test_a_closed_lane_ends_its_thread_and_refuses_calls():
    lane = ThreadLane("closing")
    lane.close()
    lane.close()
    gone("lane closing")
    batch = Batch()
    batch.add(lane, "call", nothing)
    with pytest.raises(DeviceBusyError, match="its lane is closed"):
        batch.wait(nothing)


def test_closing_a_busy_lane_does_not_wait_and_its_thread_ends_with_the_call():
    go = threading.Event()
    lane = ThreadLane("busy")
    lane.submit(call := Call("call", lambda: go.wait(60)))
    began = time.monotonic()
    lane.close()
    assert time.monotonic() - began < 30
    assert lane.busy is call
    go.set()
    assert call.done.wait(60)
    gone("lane busy")


# -- batches ----------------------------------------------------------------------------------------------------


@settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(durations=st.lists(st.sampled_from([0, 0, 0, 0.001, 0.003]), min_size=1, max_size=6), bad=st.integers(-1, 5))
def test_a_batch_waits_for_all_or_for_the_first_error(durations, bad):
    lanes = [ThreadLane(f"lane {number}") for number in range(len(durations))]
    done = []

    def work(number, duration):
        time.sleep(duration)
        if number == bad:
            raise ValueError(number)
        done.append(number)

    batch = Batch()
    for number, (lane, duration) in enumerate(zip(lanes, durations, strict=True)):
        batch.add(lane, f"call {number}", lambda number=number, duration=duration: work(number, duration))
    try:
        if 0 <= bad < len(durations):
            with pytest.raises(ValueError, match=str(bad)):
                batch.wait(nothing)
        else:
            batch.wait(nothing)
            assert sorted(done) == list(range(len(durations)))
            batch.wait(nothing)
    finally:
        for lane in lanes:
            lane.close()


def test_a_batch_can_be_waited_for_again_after_an_error(lane):
    batch = Batch()
    batch.add(lane, "fails", lambda: 1 / 0)
    batch.add(lane, "works", nothing)
    with pytest.raises(ZeroDivisionError):
        batch.wait(nothing)
    batch.wait(nothing)


def test_what_check_raises_ends_the_wait(lane):
    go = threading.Event()

    def check():
        raise LookupError

    batch = Batch()
    batch.add(lane, "waits", lambda: go.wait(60))
    with pytest.raises(LookupError):
        batch.wait(check)
    go.set()
    batch.wait(nothing)


def test_an_empty_batch_is_done():
    Batch().wait(nothing)


# -- the private loop -------------------------------------------------------------------------------------------


def test_a_coroutine_runs_on_the_loops_thread_while_the_caller_waits(loop):
    threads = []

    async def work():
        await asyncio.sleep(0)
        threads.append(threading.current_thread().name)

    loop.run("work", work, 1.0)
    loop.run("work", work, 1.0)
    assert threads == ["loop", "loop"]


@pytest.mark.parametrize("kind", [ValueError, SystemExit, KeyboardInterrupt, asyncio.CancelledError])
def test_whatever_a_coroutine_raises_is_raised_to_the_caller_and_the_loop_lives_on(loop, kind):
    async def fail():
        await asyncio.sleep(0)
        raise kind

    async def work():
        seen.append(1)

    seen = []
    with pytest.raises(kind):
        loop.run("fail", fail, 1.0)
    loop.run("work", work, 1.0)
    assert seen == [1]


@pytest.mark.parametrize("delay", [0, 0.01])
def test_a_call_that_is_cancelled_also_at_once_is_finished(loop, delay):
    async def work():
        await asyncio.sleep(200)

    call = Call("work", nothing)
    cancel = loop.submit(call, work)
    time.sleep(delay)
    cancel()
    assert call.done.wait(60)
    assert isinstance(call.error, asyncio.CancelledError)


def test_several_threads_that_come_first_share_one_loop():
    for _ in range(20):
        loop = Loop()
        loops, ready = [], threading.Barrier(4)

        def use(loop=loop, loops=loops, ready=ready):
            async def note():
                loops.append(asyncio.get_running_loop())

            ready.wait()
            loop.run("note", note, 1.0)

        threads = [threading.Thread(target=use) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        loop.close()
        assert len(loops) == 4
        assert len(set(map(id, loops))) == 1
    gone("loop")


def test_closing_cancels_what_still_runs_and_lets_it_clean_up():
    loop, log, running = Loop(), [], threading.Event()

    async def work():
        running.set()
        try:
            await asyncio.sleep(200)
        finally:
            log.append("cleaned up")

    loop.submit(call := Call("work", nothing), work)
    assert running.wait(60)
    loop.close()
    gone("loop")
    assert log == ["cleaned up"]
    assert isinstance(call.error, asyncio.CancelledError)


def test_a_loop_that_was_never_used_has_no_thread():
    loop = Loop()
    loop.close()
    assert not any(thread.name == "loop" for thread in threading.enumerate())


# -- async lanes ------------------------------------------------------------------------------------------------


def test_calls_of_one_async_device_come_one_after_the_other_those_of_two_together(loop):
    inside, most = [], []

    def work(name):
        async def coroutine():
            inside.append(name)
            most.append(sorted(inside))
            while ["a", "b"] not in most:
                await asyncio.sleep(0.001)
                most.append(sorted(inside))
            inside.remove(name)

        return coroutine

    lanes = {name: AsyncLane(name, loop) for name in "ab"}
    batch = Batch()
    for name in "aabb":
        batch.add(lanes[name], name, work(name))
    batch.wait(nothing)
    assert all(len(set(names)) == len(names) for names in most), "two calls on one device"
    assert ["a", "b"] in most


def test_an_async_lane_takes_plain_functions_and_coroutine_functions(loop):
    seen = []

    async def coroutine():
        seen.append("coroutine")

    lane = AsyncLane("device", loop)
    batch = Batch()
    batch.add(lane, "plain", lambda: seen.append("plain"))
    batch.add(lane, "coroutine", coroutine)
    batch.wait(nothing)
    assert seen == ["plain", "coroutine"]
    assert lane.busy is None


def test_beside_an_async_call_a_stop_is_made_at_once(loop):
    lane, log = AsyncLane("device", loop), []
    event = []

    async def waits():
        event.append(asyncio.Event())
        await event[0].wait()
        log.append("ended")

    async def stop():
        log.append("stop")
        event[0].set()

    batch = Batch()
    first = batch.add(lane, "waits", waits)
    while not event:
        time.sleep(0.001)
    assert lane.busy is first
    lane.beside(Call("stop", stop))
    batch.wait(nothing)
    assert log == ["stop", "ended"]


def test_a_system_exit_of_an_async_device_reaches_the_waiter_and_its_lane_lives_on(loop):
    async def leave():
        raise SystemExit("no")

    lane = AsyncLane("device", loop)
    for _ in range(2):
        batch = Batch()
        batch.add(lane, "leave", leave)
        with pytest.raises(SystemExit):
            batch.wait(nothing)
