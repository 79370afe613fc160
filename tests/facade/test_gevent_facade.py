"""gevent's words on plain threads."""

import subprocess
import sys
import time

import pytest

from obtura.bliss import gevent_facade as gevent
from obtura.bliss.gevent_facade.event import AsyncResult, Event
from obtura.bliss.gevent_facade.lock import BoundedSemaphore, RLock, Semaphore
from obtura.bliss.gevent_facade.queue import Empty, Full, Queue
from obtura.works.clock import clock, virtual_time


class Failed(Exception):
    pass


def fail():
    raise Failed("no")


@pytest.fixture
def quiet(capsys):
    """A greenlet that fails says so on stderr."""
    yield
    assert "Failed: no" in capsys.readouterr().err


def forever():
    while True:
        gevent.sleep(10)


# -- greenlets ------------------------------------------------------------------------------------------------


def test_a_spawned_function_runs_beside_and_gives_its_value():
    greenlet = gevent.spawn(lambda a, b: a + b, 1, b=2)
    assert greenlet.get() == 3
    assert greenlet.value == 3
    assert greenlet.ready()
    assert greenlet.dead
    assert greenlet.successful()
    assert greenlet.exception is None
    assert not greenlet
    assert greenlet.exc_info == (None, None, None)


def test_its_error_is_kept_shown_and_raised_by_get(quiet):
    greenlet = gevent.spawn(fail)
    greenlet.join()
    assert isinstance(greenlet.exception, Failed)
    assert greenlet.exc_info[0] is Failed
    assert not greenlet.successful()
    assert greenlet.value is None
    with pytest.raises(Failed):
        greenlet.get()


def test_one_that_sleeps_can_be_killed():
    greenlet = gevent.spawn(forever)
    assert greenlet
    greenlet.kill()
    assert greenlet.dead
    assert isinstance(greenlet.value, gevent.GreenletExit)
    assert greenlet.successful()
    assert isinstance(greenlet.get(), gevent.GreenletExit)


def test_it_can_be_killed_with_an_error_and_clean_up(quiet):
    log = []

    def work():
        try:
            log.append("begun")
            forever()
        finally:
            log.append("left")

    greenlet = gevent.spawn(work)
    while not log:
        gevent.sleep(0.001)
    greenlet.kill(Failed("no"))
    assert log == ["begun", "left"]
    assert isinstance(greenlet.exception, Failed)


def test_one_killed_before_it_begins_never_does():
    log = []
    made = gevent.Greenlet(log.append, "run")
    made.kill()
    made.start()
    later = gevent.spawn_later(1000, log.append, "run")
    later.kill()
    assert made.dead and later.dead
    assert log == []


def test_one_can_be_made_later_and_subclassed():
    class Double(gevent.Greenlet):
        def __init__(self, number):
            super().__init__()
            self.number = number

        def _run(self):
            return 2 * self.number

    double = Double(4)
    assert not double.started
    double.start()
    assert double.get() == 8
    assert Double.spawn(5).get() == 10
    with virtual_time():
        assert gevent.spawn_later(100, clock.time).get() >= 100


def test_it_tells_when_it_ends(quiet):
    log, done = [], Event()
    good = gevent.Greenlet(lambda: 1)
    good.link(lambda greenlet: log.append(greenlet.value))
    good.link_exception(log.append)
    good.link_value(lambda greenlet: done.set())
    good.start()
    assert done.wait(60)
    assert log == [1]
    bad = gevent.spawn(fail)
    bad.join()
    bad.link_exception(lambda greenlet: log.append(str(greenlet.exception)))
    assert log == [1, "no"]


def test_several_are_joined_and_killed_together(quiet):
    quick, bad, slow = gevent.spawn(int), gevent.spawn(fail), gevent.spawn(forever)
    assert set(gevent.joinall([quick, bad])) == {quick, bad}
    assert set(gevent.joinall([quick, bad, slow], timeout=0.2)) == {quick, bad}
    assert gevent.joinall([quick, slow], count=1) == [quick]
    with pytest.raises(Failed):
        gevent.joinall([quick, bad], raise_error=True)
    gevent.killall([quick, slow])
    assert slow.dead


def test_they_are_given_one_by_one_as_they_end():
    gates = [Event() for _ in range(3)]
    greenlets = [gevent.spawn(gate.wait) for gate in gates]
    each = gevent.iwait(greenlets)
    for n in (2, 0, 1):
        gates[n].set()
        assert next(each) is greenlets[n]
    assert list(each) == []
    result = AsyncResult()
    assert gevent.wait([result, gates[0]], count=1) == [gates[0]]
    assert gevent.wait([result], timeout=0) == []
    assert gevent.wait() == []


def test_each_knows_itself():
    greenlet = gevent.spawn(gevent.getcurrent)
    assert greenlet.get() is greenlet
    assert gevent.getcurrent() is gevent.getcurrent()


# -- timeouts -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wait",
    [
        lambda: gevent.sleep(100),
        lambda: Event().wait(),
        lambda: AsyncResult().get(),
        lambda: Queue().get(),
        lambda: Semaphore(0).acquire(),
        lambda: gevent.wait([AsyncResult()]),
    ],
)
def test_a_timeout_ends_every_wait_of_the_facade(wait):
    with virtual_time():
        began = clock.time()
        timeout = gevent.Timeout(3)
        with pytest.raises(gevent.Timeout) as caught, timeout:
            wait()
        assert caught.value is timeout
        assert clock.time() >= began + 3
        assert not timeout.pending


def test_in_real_time_it_ends_other_waits_of_the_main_thread_too():
    began = time.monotonic()
    with pytest.raises(gevent.Timeout), gevent.Timeout(0.05):
        time.sleep(200)
    assert time.monotonic() - began < 100
    timeout = gevent.Timeout(0.05)
    try:
        timeout.start()
        while True:
            sum(range(1000))
    except gevent.Timeout as error:
        assert error is timeout
    finally:
        timeout.cancel()


def test_one_that_is_over_in_time_is_no_more():
    with gevent.Timeout(2):
        pass
    time.sleep(2.05)
    gevent.sleep(0.01)


def test_another_error_may_be_raised_instead_or_none():
    with virtual_time():
        with pytest.raises(Failed), gevent.Timeout(1, Failed):
            forever()
        with pytest.raises(Failed, match="late"), gevent.Timeout(1, Failed("late")):
            forever()
        with gevent.Timeout(1, False):
            forever()
        assert gevent.with_timeout(1, forever, timeout_value="late") == "late"
        assert gevent.with_timeout(1, int) == 0
        with pytest.raises(gevent.Timeout):
            gevent.with_timeout(1, forever)


def test_of_nested_ones_the_nearest_comes_first():
    with virtual_time(), pytest.raises(gevent.Timeout) as caught, gevent.Timeout(5) as outer:
        try:
            with gevent.Timeout(2):
                forever()
        except gevent.Timeout as error:
            assert error is not outer
            assert 2 <= clock.time() < 5
        forever()
    assert caught.value is outer


def test_a_busy_loop_that_sleeps_for_no_time_is_ended_too():
    with pytest.raises(gevent.Timeout), gevent.Timeout(0.02):
        while True:
            gevent.sleep(0)


def test_without_seconds_it_never_comes():
    with virtual_time(), gevent.Timeout(None) as timeout:
        gevent.sleep(1e6)
        assert not timeout.pending


def test_it_says_how_long_it_was():
    assert str(gevent.Timeout(1)) == "1 second"
    assert str(gevent.Timeout(2.5, "too slow")) == "2.5 seconds: too slow"
    assert repr(gevent.Timeout(2)) == "<Timeout seconds=2>"
    timeout = gevent.Timeout.start_new(100)
    with pytest.raises(AssertionError, match="already started"):
        timeout.start()
    timeout.close()


def test_in_a_greenlet_it_counts_for_that_one_only():
    def work():
        with gevent.Timeout(0.02):
            forever()

    def look():
        with pytest.raises(gevent.Timeout):
            work()

    greenlet = gevent.spawn(look)
    gevent.sleep(0.1)
    greenlet.get(timeout=60)


def test_get_has_a_time_limit_of_its_own():
    with pytest.raises(gevent.Timeout):
        AsyncResult().get(timeout=0.01)
    with pytest.raises(gevent.Timeout):
        AsyncResult().get_nowait()
    greenlet = gevent.spawn(forever)
    with pytest.raises(gevent.Timeout):
        greenlet.get(timeout=0.01)
    greenlet.kill()


# -- events, locks, queues ------------------------------------------------------------------------------------


def test_an_event_wakes_who_waits():
    event = Event()
    assert not event.wait(0.01)
    waiting = gevent.spawn(event.wait)
    event.set()
    assert waiting.get() is True
    assert event.is_set() and event.ready()
    event.clear()
    assert not event.isSet()


def test_a_result_is_given_once_to_all():
    result = AsyncResult()
    waiting = [gevent.spawn(result.get) for _ in range(3)]
    result.set(5)
    assert [each.get() for each in waiting] == [5, 5, 5]
    assert result.successful() and result.value == 5
    bad = AsyncResult()
    bad.set_exception(Failed("no"))
    with pytest.raises(Failed):
        bad.get()
    assert bad.wait() is None
    assert not bad.successful()


def test_a_semaphore_lets_so_many_in():
    semaphore = Semaphore(2)
    assert semaphore.acquire() and semaphore.acquire()
    assert semaphore.locked() and semaphore.counter == 0
    assert not semaphore.acquire(blocking=False)
    assert not semaphore.acquire(timeout=0.01)
    waiting = gevent.spawn(semaphore.acquire)
    semaphore.release()
    assert waiting.get() is True
    with pytest.raises(ValueError, match="at least 0"):
        Semaphore(-1)


def test_only_one_at_a_time_has_a_lock():
    semaphore, inside, most = Semaphore(), [], []

    def work():
        for _ in range(20):
            with semaphore:
                inside.append(1)
                most.append(len(inside))
                gevent.sleep(0)
                inside.pop()

    gevent.joinall([gevent.spawn(work) for _ in range(4)], raise_error=True)
    assert max(most) == 1
    assert len(most) == 80


def test_a_bounded_semaphore_is_not_released_more_often_than_acquired():
    bounded = BoundedSemaphore(1)
    bounded.acquire()
    bounded.release()
    with pytest.raises(ValueError, match="more often than acquired"):
        bounded.release()


def test_a_lock_can_be_taken_again_by_its_owner_only():
    lock = RLock()
    with lock, lock:
        assert lock.locked()
        assert gevent.spawn(lock.acquire, False).get() is False
    assert gevent.spawn(lock.acquire, False).get() is True
    with pytest.raises(RuntimeError, match="not yours"):
        lock.release()


def test_a_queue_hands_items_on_in_order():
    queue = Queue(maxsize=2)
    got = gevent.spawn(lambda: list(queue))
    for n in range(5):
        queue.put(n)
    queue.put(StopIteration)
    assert got.get() == [0, 1, 2, 3, 4]
    assert queue.empty() and len(queue) == 0 and bool(queue)
    with pytest.raises(Empty):
        queue.get_nowait()
    with pytest.raises(Empty):
        queue.get(timeout=0.01)
    queue.put_nowait(1)
    queue.put_nowait(2)
    assert queue.full() and queue.qsize() == 2 and queue.peek() == 1
    with pytest.raises(Full):
        queue.put(3, timeout=0.01)
    assert Queue(items=[7]).get() == 7


# -- the name -------------------------------------------------------------------------------------------------


def test_where_gevent_is_not_installed_its_names_give_the_facade():
    script = """
import obtura.bliss
import gevent
import gevent.event, gevent.lock
from gevent import event, Timeout
from gevent.queue import Queue
assert gevent.spawn(lambda: 3).get() == 3
assert gevent.event.Event().wait(0) is False
assert gevent.lock.Semaphore(1).acquire()
"""
    subprocess.run([sys.executable, "-c", script], check=True)
