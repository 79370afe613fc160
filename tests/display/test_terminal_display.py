"""The display as a scan uses it: with a record and a thread between what happens and what is shown."""

import contextlib
import io
import sys

from hypothesis import given, settings
from hypothesis import strategies as st
from stage import (
    DIODE,
    DT,
    Stage,
    point,
    running_in_a_thread,
    scan_began,
    scan_closed,
    staged,
)

from obtura.display import TerminalDisplay
from obtura.ground.events import Points, Text

HEADING = """
Scan 12 Wed Mar 13 11:06:11 2019 /tmp/scans/demo/data.h5 demo user = seb
loopscan 2 0.1

           #         dt[s]         diode
"""
TOOK = "\nTook 0:00:09.830967\n"


@contextlib.contextmanager
def own_streams():
    with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.redirect_stderr(io.StringIO()) as err:
        yield out, err


def test_hooks_and_rows_come_out_in_the_order_in_which_they_happened():
    with own_streams() as (out, _), staged(DT, DIODE) as scan:
        print("Preparing scan loopscan\n")
        print("Opening the shutter")
        scan.point(0, 0.0, -40.2222)
        print("between")
        scan.point(1, 0.104891, -9.11111)
        print("Closing the shutter")
    assert out.getvalue() == HEADING + (
        "Preparing scan loopscan\n"
        "\n"
        "Opening the shutter\n"
        "           0             0      -40.2222\n"
        "between\n"
        "           1      0.104891      -9.11111\n"
        "Closing the shutter\n"
    ) + TOOK  # fmt: skip


def test_stderr_stays_stderr_and_the_order_is_kept_where_both_are_one():
    with own_streams() as (out, err), staged(DT, DIODE):
        print("trouble", file=sys.stderr)
    assert (out.getvalue(), err.getvalue()) == (HEADING + TOOK, "trouble\n")

    both = io.StringIO()
    with contextlib.redirect_stdout(both), contextlib.redirect_stderr(both), staged(DT, DIODE) as scan:
        print("half a line ", end="", file=sys.stderr)
        scan.point(0, 0.0, 4.0)
        print("a line")
    assert both.getvalue() == HEADING + (
        "half a line \n"
        "           0             0             4\n"
        "a line\n"
    ) + TOOK  # fmt: skip


def test_a_display_on_a_stream_of_its_own_takes_the_text_there_and_leaves_stdout_alone():
    stream = io.StringIO()
    with own_streams() as (out, _):
        with staged(DT, DIODE, stream=stream):
            print("opening")
        print("afterwards")
    assert stream.getvalue() == HEADING + "opening\n" + TOOK
    assert out.getvalue() == "afterwards\n"


def test_the_width_can_be_given():
    stream = io.StringIO()
    with own_streams(), staged(DT, DIODE, stream=stream, columns=30) as scan:
        scan.point(0, 1.0, 2.0)
    assert "\n           0             1\n                         2\n" in stream.getvalue()


def test_a_ct_shows_its_counts_and_what_hooks_print_and_nothing_else():
    with own_streams() as (out, _), staged(DT, DIODE, type="ct") as scan:
        print("opening")
        scan.point(0, 0.0, 4.0)
        print("closing")
    assert out.getvalue() == "opening\ndiode = 4 (40/s)\nclosing\n"


def test_a_scan_in_a_hook_is_shown_within_the_outer_one():
    with own_streams() as (out, _), staged(DT, DIODE) as outer:
        print("looking at the beam")
        with staged(DT, DIODE, type="ct") as inner:
            inner.point(0, 0.0, 4.0)
        print("good")
        outer.point(0, 0.0, 5.0)
    assert out.getvalue() == HEADING + (
        "looking at the beam\n"
        "diode = 4 (40/s)\n"
        "good\n"
        "           0             0             5\n"
    ) + TOOK  # fmt: skip


def test_two_scans_in_two_threads_lose_no_line():
    def other():
        with staged(DT, DIODE, title="other") as scan:
            for index in range(20):
                scan.point(index, float(index), 1.0)
                print("from the other")

    with own_streams() as (out, _):
        with staged(DT, DIODE, title="one") as scan, running_in_a_thread(other):
            for index in range(20):
                scan.point(index, float(index), 1.0)
                print("from the one")
        assert sys.stdout is out
    lines = out.getvalue().splitlines()
    assert lines.count("from the one") == lines.count("from the other") == 20
    assert lines.count("           7             7             1") == 2
    assert lines.count(TOOK.strip()) == 2


def test_two_displays_on_one_scan_do_not_feed_each_other():
    log, stderr_lines = io.StringIO(), "trouble\n"
    with own_streams() as (out, err):
        scan = Stage(TerminalDisplay(), scan_began(DT, DIODE))
        second = TerminalDisplay(log)
        with scan:
            second.open(scan.began, scan.say)
            reader = scan.record.attach(second, scan.failures.append)
            scan.record.write(scan.began)
            print("opening")
            print("trouble", file=sys.stderr)
            scan.settled()
            reader.drained(lambda: None)
            second.close()
    assert scan.failures == []
    assert out.getvalue().count("opening\n") == log.getvalue().count("opening\n") == 1
    assert err.getvalue() == stderr_lines * 2


def test_one_display_serves_scan_after_scan():
    display = TerminalDisplay()
    with own_streams() as (out, _):
        for number in (1, 2):
            with Stage(display, scan_began(DT, DIODE, number=number)) as scan:
                scan.point(0, 0.0, 4.0)
        assert sys.stdout is out
    assert out.getvalue().count("           0             0             4\n") == 2


class Full(io.StringIO):
    """A file on a disk that fills up."""

    def write(self, text):
        if "opening" in text:
            raise OSError(28, "No space left on device")
        return super().write(text)


def test_when_the_stream_takes_no_more_the_scan_goes_on_and_prints_go_their_usual_way():
    with own_streams() as (out, _):
        with staged(DT, DIODE, stream=Full()) as scan:
            print("opening")
            scan.settled()
            print("closing")
        assert sys.stdout is out
    assert [str(error) for error in scan.failures] == ["[Errno 28] No space left on device"]
    assert out.getvalue() == "closing\n"


def test_a_refused_scan_leaves_no_capture_behind():
    display = TerminalDisplay()
    with own_streams() as (out, _):
        display.open(scan_began(DT), lambda stream, text: None)
        display.close()
        assert sys.stdout is out
    display = TerminalDisplay(stream=object())
    with contextlib.suppress(AttributeError):
        display.open(scan_began(DT), lambda stream, text: None)
    display.close()


def test_what_a_thread_prints_between_the_last_event_and_the_end_of_the_display_is_not_lost():
    with own_streams() as (out, _):
        scan = staged(DT, DIODE).__enter__()
        scan.record.write(scan_closed())
        print("as it ends")
        scan.settled()
        scan.record.close()
        print("late")
        scan.display.close()
    assert out.getvalue() == HEADING + TOOK + "as it ends\nlate\n"


def test_a_display_that_was_given_up_shows_nothing_more():
    stream = io.StringIO()
    display = TerminalDisplay(stream)
    with own_streams():
        display.open(began := scan_began(DT, DIODE), lambda stream, text: None)
        display.receive([began])
        display.close()
        display.receive([point(0, 0, 0.0), point(1, 0, 4.0)])
    assert stream.getvalue() == HEADING


def test_without_stdout_a_scan_runs_in_silence(monkeypatch):
    monkeypatch.setattr(sys, "stdout", None)
    monkeypatch.setattr(sys, "stderr", None)
    with staged(DT, DIODE) as scan:
        scan.point(0, 0.0, 4.0)
    assert scan.failures == []


# -- whatever happens in whatever order ---------------------------------------------------------------------------

words = st.text(alphabet="abµ", min_size=1, max_size=5)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("line"), words),
        st.tuples(st.just("waiting"), words),
        st.tuples(st.just("half"), words),
        st.tuples(st.just("error"), words),
        st.tuples(st.just("dt"), st.integers(1, 3)),
        st.tuples(st.just("diode"), st.integers(1, 3)),
    ),
    max_size=40,
)
ENDS = {"line": "\n", "waiting": "\r", "half": "", "error": "\n"}


def events_of(steps):
    """The events of these steps, and what must be found on the screen: lines of rows, words of text, in order."""
    counts = {"dt": 0, "diode": 0}
    events, expected, rows = [], [], 0
    for kind, value in steps:
        if kind in ENDS:
            events.append(Text("stderr" if kind == "error" else "stdout", value + ENDS[kind]))
            expected.append(value)
        else:
            values = tuple(float(index) for index in range(counts[kind], counts[kind] + value))
            events.append(Points(["dt", "diode"].index(kind), counts[kind], values))
            counts[kind] += value
        while rows < min(counts.values()):
            expected.append("%12d  %12g  %12g" % (rows, rows, rows))  # noqa: UP031 - as the issue has it
            rows += 1
    return events, expected


@settings(deadline=None)
@given(steps, st.lists(st.integers(1, 7), min_size=1))
def test_in_any_interleaving_and_any_batches_no_text_is_lost_and_rows_are_whole_and_in_order(steps, sizes):
    events, expected = events_of(steps)
    screen = io.StringIO()
    with contextlib.redirect_stdout(screen), contextlib.redirect_stderr(screen):
        display = TerminalDisplay()
        display.open(began := scan_began(DT, DIODE), lambda stream, text: None)
        events = [began, *events, scan_closed()]
        while events:
            size = sizes[len(events) % len(sizes)]
            display.receive(events[:size])
            events = events[size:]
        display.close()
    shown = screen.getvalue()
    assert shown.startswith(HEADING)
    assert shown.endswith(TOOK)
    end = len(HEADING)
    for piece in expected:
        begin = shown.index(piece, end)
        assert shown[end:begin].strip() == ""
        end = begin + len(piece)
        if piece.startswith(" "):  # a row
            assert shown[begin - 1] == shown[end] == "\n"
    assert shown[end:].strip() == TOOK.strip()


@given(st.permutations([point(0, 0, 0.0), point(0, 1, 0.1), point(1, 0, 4.0), point(1, 1, 5.0)]))
def test_the_rows_are_the_same_whichever_channel_is_first(points):
    points = sorted(points, key=lambda each: each.first)
    screen = io.StringIO()
    display = TerminalDisplay(screen)
    with own_streams():
        display.open(began := scan_began(DT, DIODE), lambda stream, text: None)
        display.receive([began, *points])
        display.close()
    assert screen.getvalue() == HEADING + (
        "           0             0             4\n"
        "           1           0.1             5\n"
    )  # fmt: skip
