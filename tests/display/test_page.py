"""The whole of what is printed of a scan, character by character."""

from datetime import datetime

import pytest
from stage import DIODE, DT, MCA, channel, hook_left, iteration_done, point, scan_began, scan_closed

from obtura.display.page import ScanPage


def printed(began, *events):
    page = ScanPage(began)
    return "".join(page.take(event) for event in (began, *events))


TWO_POINTS = [point(0, 0, 0.0), point(1, 0, -40.2222), point(0, 1, 0.104891), point(1, 1, -9.11111)]


def test_a_loopscan_looks_as_on_the_page():
    assert (
        printed(scan_began(DT, DIODE), *TWO_POINTS, scan_closed())
        == """
Scan 12 Wed Mar 13 11:06:11 2019 /tmp/scans/demo/data.h5 demo user = seb
loopscan 2 0.1

           #         dt[s]         diode
           0             0      -40.2222
           1      0.104891      -9.11111

Took 0:00:09.830967
"""
    )


def test_a_scan_that_is_not_saved_says_so():
    assert "\nScan 12 Wed Mar 13 11:06:11 2019 <no saving> demo user = seb\n" in printed(scan_began(DT, filename=None))


def test_without_a_session_no_gap_is_left():
    began = scan_began(DT, session_name="")
    assert "\nScan 12 Wed Mar 13 11:06:11 2019 /tmp/scans/demo/data.h5 user = seb\n" in printed(began)


class German(datetime):
    """A moment in a German locale, which need not be installed."""

    def strftime(self, form):
        return super().strftime(form.replace("%a", "Mi").replace("%b", "Mär"))


def test_the_date_is_english_in_every_locale():
    moment = German(2019, 3, 13, 11, 6, 11)
    assert f"{moment:%a %b}" == "Mi Mär"
    assert "Scan 12 Wed Mar 13 11:06:11 2019 /tmp" in printed(scan_began(DT)._replace(start_time=moment))


def test_what_is_not_shown_is_named_above_the_table():
    began = scan_began(DT, DIODE, MCA, channel("camera:image", shape=(4, 4)), branches=("timer", "timer2", "camera"))
    assert (
        printed(began)
        == """
Scan 12 Wed Mar 13 11:06:11 2019 /tmp/scans/demo/data.h5 demo user = seb
loopscan 2 0.1
Activated counters not shown: spectrum, image
Top-masters not shown: timer2, camera (shown: timer)

           #         dt[s]         diode
"""
    )


def test_a_scan_without_scalars_has_no_table():
    assert (
        printed(scan_began(MCA), scan_closed())
        == """
Scan 12 Wed Mar 13 11:06:11 2019 /tmp/scans/demo/data.h5 demo user = seb
loopscan 2 0.1
Activated counters not shown: spectrum

Took 0:00:09.830967
"""
    )


@pytest.mark.parametrize(
    ("state", "npoints", "ending"),
    [
        ("DONE", 10, "\nTook 0:00:03.500000\n"),
        ("USER_ABORTED", 10, "\nAborted after 2 of 10 points\nTook 0:00:03.500000\n"),
        ("KILLED", 0, "\nFailed after 2 points\nTook 0:00:03.500000\n"),
    ],
)
def test_a_scan_that_ended_early_says_how_far_it_came(state, npoints, ending):
    began = scan_began(DT, DIODE, npoints=npoints)
    shown = printed(began, *TWO_POINTS, scan_closed(state, 3.5))
    assert shown.endswith("           1      0.104891      -9.11111\n" + ending)


def test_a_point_that_was_cut_off_is_not_shown():
    shown = printed(scan_began(DT, DIODE), *TWO_POINTS, point(0, 2, 0.2), scan_closed("KILLED", 1.0))
    assert "\n           2 " not in shown
    assert "Failed after 2 of 2 points" in shown


def test_a_scan_without_a_table_that_failed_says_so():
    assert printed(scan_began(MCA), scan_closed("KILLED", 1.0)).endswith("\nFailed\nTook 0:00:01\n")


def took(*events, seconds=9.83):
    return printed(scan_began(DT), *events, scan_closed(seconds=seconds)).splitlines()[-1]


def test_hooks_that_took_more_than_a_tenth_are_named_with_the_counting():
    shown = took(hook_left("Preset", "prepare", 9.41), iteration_done(0.1), iteration_done(0.1))
    assert shown == "Took 0:00:09.830000 (counting 0.20 s, Preset.prepare 9.41 s)"


def test_hooks_that_took_less_than_a_tenth_are_not_named():
    assert took(hook_left("Preset", "prepare", 0.9), iteration_done(8.0)) == "Took 0:00:09.830000"


def test_the_same_hook_is_added_up_over_points_and_the_largest_three_are_named_first():
    hooks = [("Small", "stop", 0.3), ("B", "start", 1.0), ("A", "start", 2.0), ("C", "prepare", 0.4)]
    shown = took(*(hook_left(*hook) for hook in hooks), hook_left("B", "start", 1.5), iteration_done(1.0))
    assert shown.endswith("(counting 1.00 s, B.start 2.50 s, A.start 2.00 s, C.prepare 0.40 s)")


def test_a_hook_below_one_percent_is_not_worth_a_word():
    shown = took(hook_left("A", "start", 5.0), hook_left("B", "stop", 0.09))
    assert shown.endswith("(counting 0.00 s, A.start 5.00 s)")


def test_nothing_is_said_of_hooks_that_would_read_as_zero_seconds():
    assert took(hook_left("A", "start", 0.0004), seconds=0.001) == "Took 0:00:00.001000"


def test_only_the_first_top_master_s_counting_is_counted():
    shown = took(hook_left("A", "start", 5.0), iteration_done(1.0), iteration_done(7.0, branch=1))
    assert "counting 1.00 s" in shown
