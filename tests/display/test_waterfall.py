"""A waterfall in text fits where it is shown, and its bars are the parts of the whole."""

import io

import pytest

from obtura.ground.timing import TimingRow
from obtura.ground.timings import Timings
from obtura.ground.waterfall import duration, waterfall


def row(kind, owner, what, seconds, calls=1, busy=None, longest=0.0, point=None, branch=None):
    return TimingRow(
        "points", kind, owner, what, branch, calls, seconds, seconds if busy is None else busy, longest, point
    )


ROWS = [
    row("engine", "", "", 1, calls=0),
    row("hook", "ShutterPreset", "start", 1, calls=4, longest=0.4, point=2),
    row("counting", "timer", "start", 1, calls=4),
    row("counting", "diode", "reading", 3, calls=4, busy=6, longest=1.0, point=3),
    row("motion", "roby", "prepare", 4, calls=5, longest=2.0, point=0),
]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0, "0 us"),
        (15e-6, "15 us"),
        (999e-6, "999 us"),
        (0.0009996, "1.00 ms"),
        (0.00251, "2.51 ms"),
        (0.0251, "25.1 ms"),
        (0.251, "251 ms"),
        (1.2, "1.20 s"),
        (12.34, "12.3 s"),
        (59.96, "1 min 00 s"),
        (725, "12 min 05 s"),
        (11_220, "3 h 07 min"),
    ],
)
def test_times_are_readable(seconds, text):
    assert duration(seconds) == text


def test_each_part_has_a_line_and_a_bar_that_begins_where_the_one_before_ended():
    assert waterfall(ROWS, 100, blocks=False).splitlines() == [
        "                       took   share  calls    mean  longest  at point",
        "counting             4.00 s  40.0 %      4  1.00 s   1.00 s         3  ############",
        "motion: roby         4.00 s  40.0 %      5  800 ms   2.00 s         0             ############",
        "ShutterPreset.start  1.00 s  10.0 %      4  250 ms   400 ms         2                         ###",
        "engine               1.00 s  10.0 %                                                              ###",
        "in all               10.0 s   100 %",
        "at work in all, also beside others: diode 6.00 s",
    ]


def test_the_longest_is_never_less_than_the_mean():
    timer = row("counting", "timer", "start", 1, calls=4, longest=0.3)
    rows = [timer, row("counting", "diode", "reading", 3, calls=4, longest=0.8)]
    (line,) = (each for each in waterfall(rows, 100, blocks=False).splitlines() if each.startswith("counting"))
    assert line.split()[5:10] == ["4", "1.00", "s", "1.00", "s"]


@pytest.mark.parametrize("width", [30, 50, 60, 79, 100, 200])
@pytest.mark.parametrize("blocks", [True, False])
def test_it_fits(width, blocks):
    long = [row("hook", "A" * 60, "prepare", 2), row("device", "b" * 60, "reading", 2, busy=9)]
    text = waterfall([*ROWS, *long], width, blocks)
    assert max(map(len, text.splitlines())) <= width
    assert "in all" in text


def test_what_is_small_is_summed_up_before_the_engine():
    small = [row("device", f"d{number}", "reading", 0.001, longest=0.001) for number in range(100)]
    lines = waterfall([*ROWS, *small], 100, blocks=False).splitlines()[1:-1]
    names = ["counting", "motion: roby", "ShutterPreset.start", "100 others", "engine", "in all"]
    assert [line.split("  ")[0] for line in lines] == names
    assert "100 ms" in lines[3]


def test_nothing_is_no_mistake():
    assert Timings("scan", []).text(80) == "scan\n" + waterfall([], 80, True)
    assert Timings("scan", []).summary == ""


def test_branches_come_after_the_thread_that_ran_the_scan():
    timings = Timings("two", [*ROWS, row("device", "fast", "start", 2, branch=0)], "so far")
    assert timings.seconds() == 10
    assert timings.seconds("counting") == 4
    assert timings.seconds(branch=0) == 2
    text = timings.text(100)
    assert text.startswith("two: so far\n")
    assert "\n\nbranch 1\n" in text
    assert timings.summary == "10.0 s: counting 40 %, motion 40 %, hook 10 %, engine 10 %"


def test_a_stream_that_knows_ascii_only_gets_no_blocks():
    ascii_only = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    assert "#" in Timings("scan", ROWS).on(ascii_only)
    assert "█" in Timings("scan", ROWS).on(io.TextIOWrapper(io.BytesIO(), encoding="utf-8"))


def test_it_can_be_printed_where_no_blocks_are_known(monkeypatch):
    latin = io.TextIOWrapper(io.BytesIO(), encoding="latin-1")
    monkeypatch.setattr("sys.stdout", latin)
    print(Timings("scan", ROWS), repr(Timings("scan", ROWS)))
    latin.flush()
    assert b"####" in latin.buffer.getvalue()
