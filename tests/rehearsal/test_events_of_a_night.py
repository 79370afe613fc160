"""The file of events: every kind, and every mistake with its place."""

import math
from datetime import datetime

import pytest

from obtura.ground.errors import UsageError
from obtura.rehearsal import read_night
from obtura.rehearsal.moments import moment, span, span_text
from obtura.session.config import ConfigError

BEGIN = datetime(2026, 3, 1, 20, 0)


@pytest.fixture
def read(tmp_path):
    """Read a text as a file of events."""
    file = tmp_path / "night.yml"

    def read(text, devices=("roby", "camera")):
        file.write_text(text)
        return read_night(file, devices)

    return read


def problems(read, text):
    with pytest.raises(ConfigError) as caught:
        read(text)
    return [
        f"{each.place.line}:{each.place.column} {each.message.removeprefix('event: ')}"
        for each in caught.value.problems
    ]


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("20 min", 1200), ("1h30", 5400), ("1 h 30 min", 5400), ("90s", 90), ("2.5 h", 9000), ("1 d", 86_400)],
)
def test_a_span_is_written_as_people_do(text, seconds):
    assert span(text) == seconds


@pytest.mark.parametrize("text", ["", "20", "20 minutes", "min", "1h30x", "-5 s", "0 s"])
def test_what_is_no_span_is_refused(text):
    with pytest.raises(UsageError, match="no time span"):
        span(text)


@pytest.mark.parametrize(
    ("text", "seconds"), [("+1h30", 5400), ("20:00", 0), ("22:10", 7800), ("02:10", 22_200), ("19:59:30", 86_370)]
)
def test_a_moment_is_a_time_of_day_after_the_start_or_relative_to_it(text, seconds):
    assert moment(text, BEGIN) == seconds


@pytest.mark.parametrize("text", ["2.10", "25:00", "02:60", "1h30", "+soon"])
def test_what_is_no_moment_is_refused(text):
    with pytest.raises(UsageError):
        moment(text, BEGIN)


def test_a_time_is_read_as_people_say_it():
    assert [span_text(each) for each in (4.25, 60, 1203, 3600, 29_700, math.inf)] == [
        *("4.25 s", "1 min", "20 min 3 s", "1 h", "8 h 15 min"),
        "until somebody comes",
    ]


def test_every_kind_of_event(read):
    night = read("""
start: 2026-03-01 20:00
limit: 10 h
events:
- {at: 02:10, event: beam lost, lasts: 20 min}
- {at: +1h, event: refill, lasts: 5 min, every: 3 h}
- {at: 04:00, event: fails, device: roby}
- {at: 04:00, event: hangs, device: camera, until: 05:00}
- {at: 05:30, event: unplugged, device: roby, lasts: 1 min}
- {at: 06:00, event: ctrl-c}
- {at: 00:00, event: disk full}
""")
    assert (night.start, night.limit) == (BEGIN, 36_000)
    assert [
        (each.begin / 3600, each.event, each.device, (each.end - each.begin) / 60) for each in night.happenings
    ] == [
        (1, "refill", None, 5),
        (4, "refill", None, 5),
        (4, "disk full", None, math.inf),
        (pytest.approx(6 + 1 / 6), "beam lost", None, 20),
        (7, "refill", None, 5),
        (8, "fails", "roby", math.inf),
        (8, "hangs", "camera", 60),
        (9.5, "unplugged", "roby", 1),
        (10, "refill", None, 5),
        (10, "ctrl-c", None, 0),
    ]
    assert [each.once for each in night.happenings if each.event in ("fails", "hangs")] == [True, False]


def test_an_empty_file_is_a_quiet_night(read):
    assert read("").happenings == read("events:").happenings == ()


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("evens: []", "1:1 night.yml: a night has no 'evens': did you mean 'events'? (known: start, limit, events)"),
        ("start: tonight", "1:8 start: 'tonight' is no start: it is written 20:00 or 2026-03-01 20:00"),
        ("limit: long", "1:8 limit: 'long' is no time span: it is written 20 min, 1h30, 90 s or 1 h 30 min"),
        ("events: 3", "1:9 events: expected a list, got '3'"),
        ("events: [3]", "1:10 events[0]: expected an event, got '3'"),
        ("- {}", "1:1 expected a mapping with start, limit and events, got a list"),
        ("events: [{at: 02:10, event: beam lots}]", "1:29 event: expected one of beam lost, refill, fails, hangs, "),
        ("events: [{event: ctrl-c}]", "1:10 'at' is missing: an event needs it (text)"),
        ("events: [{at: 2 o'clock, event: ctrl-c}]", '1:15 at: "2 o\'clock" is no time: it is written 02:10'),
        ("events: [{at: +1h, event: fails}]", "1:10 'device' is missing: which one fails?"),
        ("events: [{at: +1h, event: refill}]", "1:10 'lasts' is missing: how long a refill takes"),
        ("events: [{at: +1h, event: ctrl-c, lasts: 1 h}]", "1:10 ctrl-c takes no time"),
        ("events: [{at: +1h, event: beam lost, device: roby}]", "1:46 beam lost is of no device"),
        (
            "events: [{at: +1h, event: fails, device: robi}]",
            "1:42 device: no simulated device 'robi': did you mean 'roby'? (known: camera, roby)",
        ),
        ("events: [{at: +1h, event: beam lost, lasts: 1 h, until: 02:00}]", "1:57 'lasts' and 'until' say both"),
        ("events: [{at: +2h, event: beam lost, until: +1h}]", "1:45 until: +1h is not after +2h"),
        ("events: [{at: +2h, event: refill, lasts: 1 h, every: 1 h}]", "1:54 every: refill lasts as long as that"),
        ("events: [{at: +1h, event: ctrl-c, at: +2h}]", "1:35 the key 'at' is there twice"),
    ],
)
def test_a_mistake_is_told_with_its_place(read, text, problem):
    (told,) = problems(read, text)
    assert told.startswith(problem)


def test_all_mistakes_are_told_at_once(read):
    assert len(problems(read, "start: x\nevents:\n- {at: y, event: ctrl-c}\n- {at: +1h, event: z}")) == 3
