"""Columns and rows."""

import numpy as np
import pytest
from stage import DIODE, DT, EPOCH, MCA, ROBY, channel, point

from obtura.display.table import Table
from obtura.ground.events import Points, Row


def rows(table, *points):
    return "".join(table.take(each) for each in points)


def test_the_page_s_table_is_printed_as_on_the_page():
    table = Table([DT, EPOCH, DIODE])
    assert table.header == "           #         dt[s]         diode\n"
    shown = rows(
        table,
        *(point(0, 0, 0.0), point(1, 0, 1.5e9), point(2, 0, -40.2222)),
        *(point(0, 1, 0.104891), point(1, 1, 1.5e9), point(2, 1, -9.11111)),
    )
    assert shown == (
        "           0             0      -40.2222\n"
        "           1      0.104891      -9.11111\n"
    )  # fmt: skip
    assert table.rows == 2


def test_columns_are_dt_then_axes_then_counters_whatever_the_order_of_the_channels():
    table = Table([DIODE, ROBY, channel("simulation:monitor", unit="A"), EPOCH, DT])
    assert table.header.split() == ["#", "dt[s]", "roby[mm]", "diode", "monitor[A]"]


def test_a_long_name_widens_its_column_only():
    table = Table([channel("x:a_rather_long_name", unit="mm"), DIODE])
    assert table.header == "           #  a_rather_long_name[mm]         diode\n"
    assert rows(table, point(0, 0, 1.0), point(1, 0, 2.0)) == (
        "           0                       1             2\n"
    )  # fmt: skip


def test_a_row_comes_with_its_last_channel_and_not_before():
    table = Table([DT, DIODE])
    assert table.take(point(0, 0, 0.0)) == ""
    assert table.take(point(0, 1, 0.1)) == ""
    assert table.take(point(1, 0, 4.0)) == "           0             0             4\n"
    assert table.take(point(1, 1, 5.0)) == "           1           0.1             5\n"


def test_blocks_give_as_many_rows_as_are_complete():
    table = Table([DT, DIODE])
    table.take(Points(0, 0, np.array([0.0, 0.1, 0.2])))
    shown = table.take(Points(1, 0, np.array([7, 8])))
    assert shown == "           0             0             7\n           1           0.1             8\n"


def test_counters_with_a_shape_are_named_but_not_shown():
    table = Table([DT, MCA, DIODE, channel("camera:image", shape=(4, 4))])
    assert table.not_shown == ["spectrum", "image"]
    assert table.header.split() == ["#", "dt[s]", "diode"]
    assert table.take(Points(1, 0, np.zeros((1, 1024)))) == ""


def test_a_row_is_shown_when_its_spectrum_has_come_too_or_never_will():
    table = Table([DT, MCA, DIODE])
    assert table.take(Points(0, 0, (0.0, 0.1, 0.2))) + table.take(Points(2, 0, (7.0, 8.0, 9.0))) == ""
    assert table.take(Points(1, 0, np.zeros((2, 1024)))) == (
        "           0             0             7\n           1           0.1             8\n"
    )
    assert table.rest() == "           2           0.2             9\n"


def test_who_reads_at_its_own_pace_does_not_hold_up_the_rows():
    table = Table([DT, channel("x:slow", per_point=False)])
    assert table.not_shown == ["slow"]
    assert rows(table, point(0, 0, 0.0)) == "           0             0\n"


def test_when_all_read_at_their_own_pace_rows_come_as_their_points_do():
    table = Table([channel("x:a", per_point=False), channel("x:b", per_point=False)])
    table.take(Points(0, 0, (1.0, 2.0)))
    assert table.take(Points(1, 0, (3.0,))) == "           0             1             3\n"


def test_only_the_first_top_master_s_channels_are_shown():
    table = Table([DT, DIODE, channel("x:other", branch=1), channel("x:image", shape=(2, 2), branch=1)])
    assert table.header.split() == ["#", "dt[s]", "diode"]
    assert table.not_shown == []
    assert table.take(point(2, 0, 1.0)) == ""


def test_without_scalars_there_is_no_header():
    assert Table([MCA]).header == ""
    assert Table([]).header == ""


def test_two_counters_of_one_name_are_told_apart_by_their_full_names():
    table = Table([channel("left:diode"), channel("right:diode"), channel("x:monitor")])
    assert table.header.split() == ["#", "left:diode", "right:diode", "monitor"]


@pytest.mark.parametrize(
    ("value", "dtype", "shown"),
    [
        (float("nan"), "float64", "nan"),
        (float("-inf"), "float64", "-inf"),
        (-1.234567e-105, "float64", "-1.23457e-105"),
        (123456789, "int64", "1.23457e+08"),
        (np.uint16(7), "uint16", "7"),
        (np.bool_(True), "bool", "1"),
        ("in", "str160", "in"),
        (1 + 2j, "complex128", "(1+2j)"),
        (None, "object", "None"),
    ],
)
def test_every_type_of_value_is_shown(value, dtype, shown):
    table = Table([channel("x:value", dtype=dtype)])
    assert table.take(point(0, 0, value)) == f"           0  {shown:>12}\n"


def test_a_row_wider_than_the_terminal_goes_on_below_at_a_column():
    table = Table([DT, ROBY, DIODE, channel("x:monitor")], width=40)
    assert table.header == (
        "           #         dt[s]      roby[mm]\n"
        "                     diode       monitor\n"
    )  # fmt: skip
    assert rows(table, *(point(number, 0, float(number)) for number in range(4))) == (
        "           0             0             1\n"
        "                         2             3\n"
    )  # fmt: skip


def test_a_column_wider_than_the_terminal_is_still_shown():
    table = Table([channel("x:a_name_of_more_than_20"), DIODE], width=20)
    assert table.header.split() == ["#", "a_name_of_more_than_20", "diode"]


def test_texts_have_a_column_and_long_ones_end_in_an_ellipsis():
    table = Table([DT, channel("s:phase", dtype="str"), DIODE])
    assert table.header == "           #         dt[s]                 phase         diode\n"
    texts = ["ready", "", "two\nlines\x1b[2J", "a text of more than twenty letters", "日本" * 10]
    shown = [
        rows(table, point(0, n, float(n)), Points(1, n, np.array([text], object)), point(2, n, 4.0))
        for n, text in enumerate(texts)
    ]
    assert [line[28:48] for line in shown[:4]] == [
        "               ready",
        '                  ""',
        "     two lines [2J".rjust(20),
        "a text of more than…",
    ]
    assert [line[:28] + line[-15:] for line in shown] == [
        f"{n:12d}  {n:12d}               4\n" for n in range(5)
    ]  # a wide sign takes two places
    assert shown[4][28:-15] == " 日本日本日本日本日…"


def test_numbers_that_come_together_make_the_same_rows_whether_they_are_noted_or_taken():
    noted, taken = Table([DT, EPOCH, DIODE]), Table([DT, EPOCH, DIODE])
    events = [
        event
        for n in range(3)
        for event in (point(2, n, 4.0 + n) if n == 1 else Row((2,), n, (4.0 + n,)), Row((0, 1), n, (0.1 * n, 1.5e9)))
    ]
    for event in events:
        noted.note(event)
    lines = noted.lines()
    assert lines == "".join(map(taken.take, events)) == (
        "           0             0             4\n"
        "           1           0.1             5\n"
        "           2           0.2             6\n"
    )  # fmt: skip
    assert noted.lines() == ""
