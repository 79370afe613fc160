"""`works.record`: everything that is written reaches every reader, in one order."""

import signal
import threading
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from obtura.ground.errors import ScanAbort
from obtura.works.interrupt import doors
from obtura.works.record import Record


class Keeps:
    """A receiver that keeps batches; may be slow or fail at one event."""

    def __init__(self, name="keeps", pause=0.0, fails_at=None):
        self.name = name
        self.pause = pause
        self.fails_at = fails_at
        self.batches = []
        self.threads = set()

    @property
    def events(self):
        return [event for batch in self.batches for event in batch]

    def receive(self, events):
        self.threads.add(threading.current_thread().name)
        if self.pause:
            time.sleep(self.pause)
        if self.fails_at in events:
            raise OSError("disk full")
        self.batches.append(list(events))


def attached(record, *receivers):
    failures = []
    return [record.attach(receiver, failures.append) for receiver in receivers], failures


def nothing():
    return None


@settings(max_examples=30, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(counts=st.lists(st.integers(0, 60), min_size=1, max_size=4), readers=st.integers(1, 3))
def test_writers_on_several_threads_are_read_by_all_readers_in_one_and_the_same_order(counts, readers):
    record = Record()
    receivers = [Keeps(f"reader {number}") for number in range(readers)]
    attached(record, *receivers)

    def write(thread, count):
        for number in range(count):
            record.write((thread, number), at_once=number % 7 == 0)

    threads = [threading.Thread(target=write, args=pair) for pair in enumerate(counts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    record.close()
    orders = [receiver.events for receiver in receivers]
    assert all(order == orders[0] for order in orders)
    for thread, count in enumerate(counts):
        assert [number for its, number in orders[0] if its == thread] == list(range(count))


def test_a_reader_reads_on_a_thread_of_its_own_which_ends_with_the_record():
    record, receiver = Record(), Keeps("table")
    attached(record, receiver)
    record.write(1)
    record.close()
    assert receiver.threads == {"reader table"}
    assert not any(thread.name == "reader table" for thread in threading.enumerate())


def test_what_is_given_at_attaching_comes_first():
    record, first, second = Record(), Keeps(), Keeps()
    record.attach(first, pytest.fail, "began")
    record.write("text")
    record.attach(second, pytest.fail, "began")
    record.write("more")
    record.close()
    assert first.events == ["began", "text", "more"]
    assert second.events == ["began", "more"]


def test_what_comes_before_a_reader_begins_is_kept_for_it():
    record, receiver = Record(), Keeps("table")
    reader = record.enlist(receiver, pytest.fail, "began")
    record.write("text")
    assert receiver.events == [] and not reader.busy
    record.begin(reader)
    record.write("more")
    record.close()
    assert receiver.events == ["began", "text", "more"]


def test_a_reader_that_never_begins_is_not_waited_for():
    record = Record()
    reader = record.enlist(Keeps("refused"), pytest.fail)
    record.write("text")
    reader.drained(nothing)
    record.close()
    assert not any(thread.name == "reader refused" for thread in threading.enumerate())


def test_drained_returns_when_everything_written_before_was_received():
    record, receiver, going = Record(), Keeps(pause=0.02), threading.Event()
    keep = receiver.receive
    receiver.receive = lambda events: going.wait(60) and keep(events)
    [reader], _ = attached(record, receiver)
    for number in range(100):
        record.write(number)
    assert reader.busy
    going.set()
    reader.drained(nothing)
    assert receiver.events == list(range(100))
    assert not reader.busy
    record.close()


def test_at_once_wakes_a_reader_and_a_burst_comes_in_few_batches():
    record, receiver = Record(), Keeps()
    [reader], _ = attached(record, receiver)
    began = time.monotonic()
    for number in range(1000):
        record.write(number)
    reader.drained(nothing)
    if time.monotonic() - began < 0.04:
        assert len(receiver.batches) < 10
    record.write("now", at_once=True)
    until = time.monotonic() + 60
    while receiver.events[-1] != "now":
        assert time.monotonic() < until
    record.close()


@pytest.mark.parametrize("kind", [OSError, SystemExit, KeyboardInterrupt])
def test_a_reader_that_fails_gets_nothing_more_and_its_owner_is_told_once(kind):
    class Fails(Keeps):
        def receive(self, events):
            if 1 in events:
                raise kind("no")
            super().receive(events)

    record, bad, good = Record(), Fails("bad"), Keeps("good")
    [reader, _], failures = attached(record, bad, good)
    for number in range(3):
        record.write(number)
        reader.drained(nothing)
    record.close()
    assert bad.events == [0]
    assert good.events == [0, 1, 2]
    assert [type(error) for error in failures] == [kind]
    assert reader.error is failures[0]


def test_a_record_that_nobody_reads_keeps_nothing():
    record = Record()
    assert not record.read
    record.write(1)
    record.close()


def test_the_check_of_a_wait_ends_it():
    record = Record()
    [reader], _ = attached(record, Keeps(pause=0.1))

    def check():
        raise LookupError

    record.write(1, at_once=True)
    with pytest.raises(LookupError):
        reader.drained(check)
    record.close()


def test_a_ctrl_c_never_comes_into_the_middle_of_a_write():
    """The reader's mailbox is replaced by one that presses Ctrl-C while an event is put into it."""

    class Pressing(list):
        def append(self, event):
            super().append(event)
            signal.raise_signal(signal.SIGINT)
            super().append("written")

    class Run:
        is_stuck = False

        def on_press(self, why):
            return None

    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        record = Record()
        record._mailboxes.append(mailbox := Pressing())
        with doors.watch(Run()), pytest.raises(ScanAbort):
            doors.call(record.write, 1)
        assert mailbox == [1, "written"]
        assert record.lock.acquire(blocking=False), "the record's lock is held"
        record.lock.release()
    finally:
        signal.signal(signal.SIGINT, before)
