"""Heavy events, such as frames: they must not pile up in front of a reader."""

import math
import threading

from obtura.works.record import Record


class Reading:
    """Keeps what it receives, once `going` is set."""

    name = "reading"

    def __init__(self):
        self.going = threading.Event()
        self.events = []

    def receive(self, events):
        self.going.wait(60)
        self.events += events


def weigh(event):
    return len(event) if isinstance(event, bytes) else 0


def fail(error):
    raise error


def posted(record, *events):
    with record.lock:
        for event in events:
            if weigh(event):
                record.post_heavy(event)
            else:
                record.post(event)


def ended(record, *readings):
    for reading in readings:
        reading.going.set()
    record.close()
    return [reading.events for reading in readings]


def test_only_who_has_room_gets_them_and_all_get_the_rest_in_order():
    record, all_of_them, none = Record(weigh), Reading(), Reading()
    record.attach(all_of_them, fail, room=math.inf)
    record.attach(none, fail)
    posted(record, 1, b"frame", 2, b"frame", 3)
    assert ended(record, all_of_them, none) == [[1, b"frame", 2, b"frame", 3], [1, 2, 3]]


def test_a_reader_with_little_room_loses_what_finds_none_but_always_has_one():
    record, little, less = Record(weigh), Reading(), Reading()
    record.attach(little, fail, room=25)
    record.attach(less, fail, room=1)
    posted(record, *[b"ten bytes!"] * 5, "end")
    assert ended(record, little, less) == [[b"ten bytes!"] * 2 + ["end"], [b"ten bytes!", "end"]]


def test_the_load_is_what_waits_or_is_being_received():
    record, reading, other = Record(weigh), Reading(), Reading()
    reader = record.attach(reading, fail, room=math.inf)
    record.attach(other, fail, room=100)
    assert record.load == reader.load == 0
    posted(record, b"ten bytes!", b"five!")
    assert record.load == reader.load == 15, "while it receives, too"
    reading.going.set()
    reader.drained(lambda: None)
    assert record.load == reader.load == 0
    assert ended(record, reading, other)[0] == [b"ten bytes!", b"five!"]


def test_what_a_reader_that_has_failed_does_not_receive_weighs_nothing():
    errors = []

    class Failing(Reading):
        def receive(self, events):
            raise OSError("the disk is full")

    record = Record(weigh)
    reader = record.attach(Failing(), errors.append, room=math.inf)
    for _ in range(3):
        posted(record, b"ten bytes!")
        reader.drained(lambda: None)
    assert len(errors) == 1 and record.load == 0
    record.close()
