"""What a `ct` shows."""

import numpy as np
from stage import DIODE, DT, EPOCH, MCA, channel, point, scan_ended

from obtura.display.counts import Counts
from obtura.ground.events import Points

MONITOR = channel("simulation:i0", unit="A")


def shown(channels, *events, count_time=0.1):
    counts = Counts(channels, count_time)
    return "".join(counts.take(event) for event in events)


def test_a_count_is_shown_with_its_rate():
    assert shown([DT, EPOCH, DIODE], point(0, 0, 0.0), point(1, 0, 1.5e9), point(2, 0, 4.0)) == ("diode = 4 (40/s)\n")


def test_names_values_and_rates_are_aligned():
    channels = [DIODE, channel("x:monitor_up")]
    assert shown(channels, point(0, 0, 12345.0), point(1, 0, -0.5)) == (
        "     diode = 12345 (123450/s)\n"
        "monitor_up =  -0.5 (    -5/s)\n"
    )  # fmt: skip


def test_the_unit_stands_behind_value_and_rate():
    assert shown([MONITOR], point(0, 0, 0.5)) == "i0 = 0.5 A (5 A/s)\n"


def test_a_time_has_no_rate():
    channels = [DIODE, channel("mca:livetime", unit="s"), channel("ring:lifetime", unit="h")]
    assert shown(channels, point(0, 0, 4.0), point(1, 0, 0.1), point(2, 0, 10.0)) == (
        "   diode =   4   (40/s)\nlivetime = 0.1 s\nlifetime =  10 h\n"
    )


def test_without_a_count_time_there_is_no_rate():
    assert shown([DIODE], point(0, 0, 4.0), count_time=None) == "diode = 4\n"
    assert shown([DIODE], point(0, 0, 4.0), count_time=0.0) == "diode = 4\n"


def test_a_spectrum_is_shown_as_its_sum():
    block = np.ones((1, 1024), dtype=np.uint8)
    assert shown([MCA], Points(0, 0, block)) == "spectrum = 1024 (10240/s) sum of 1024\n"


def test_images_are_not_shown_and_that_is_said():
    image = channel("camera:image", shape=(3, 2))
    not_shown = "Activated counters not shown: image\n"
    assert shown([DIODE, image], point(0, 0, 4.0), scan_ended()) == f"diode = 4 (40/s)\n{not_shown}"
    assert shown([image], scan_ended()) == not_shown


def test_a_word_is_shown_as_it_is():
    assert shown([channel("x:cover", dtype="str160")], point(0, 0, "in")) == "cover = in\n"
    covers = channel("x:covers", dtype="str160", shape=(2,))
    assert shown([covers], Points(0, 0, np.array([["in", "out"]]))) == "covers = ['in' 'out']\n"


def test_a_bool_is_shown_as_a_number():
    assert shown([channel("x:open", dtype="bool")], point(0, 0, np.bool_(True)), count_time=None) == "open = 1\n"


def test_nothing_is_shown_before_the_last_counter_has_come():
    assert shown([DIODE, MONITOR], point(0, 0, 4.0)) == ""


def test_what_has_come_is_shown_at_the_end_when_a_counter_never_did():
    assert shown([DIODE, MONITOR], point(0, 0, 4.0), scan_ended()) == "diode = 4 (40/s)\n"


def test_it_is_shown_once():
    events = [point(0, 0, 4.0), point(0, 1, 5.0), scan_ended()]
    assert shown([DIODE], *events) == "diode = 4 (40/s)\n"


def test_a_ct_without_counters_shows_nothing():
    assert shown([DT], point(0, 0, 0.0), scan_ended()) == ""


def test_two_counters_of_one_name_are_told_apart_by_their_full_names():
    channels = [channel("left:diode"), channel("right:diode")]
    assert shown(channels, point(0, 0, 1.0), point(1, 0, 2.0), count_time=None) == (
        " left:diode = 1\n"
        "right:diode = 2\n"
    )  # fmt: skip


def test_units_have_a_column_of_their_own():
    channels = [MONITOR, DIODE, channel("x:gap", unit="mm")]
    assert shown(channels, point(0, 0, 0.5), point(1, 0, 12345.0), point(2, 0, 100.0)) == (
        "   i0 =   0.5 A  (     5 A/s)\n"
        "diode = 12345    (123450/s)\n"
        "  gap =   100 mm (  1000 mm/s)\n"
    )  # fmt: skip


def test_a_row_of_readings_that_ends_early_has_a_sum():
    samples = channel("simulation:diode_samples", shape=(3,))
    assert shown([samples], Points(0, 0, np.array([[1.0, 2.0, np.nan]]))) == "diode_samples = 3 (30/s) sum of 3\n"


def test_a_text_stands_as_it_is_in_one_line_and_moves_no_numbers():
    channels = [DIODE, channel("x:message", dtype="str"), channel("x:empty", dtype="str"), MONITOR]
    texts = ["a text that is longer than any number\nof lines", ""]
    events = [point(0, 0, 4.0), *(Points(1 + n, 0, np.array([text], object)) for n, text in enumerate(texts))]
    assert shown(channels, *events, point(3, 0, 0.5)) == (
        "  diode =   4   (40/s)\n"
        "message = a text that is longer than any number of lines\n"
        '  empty = ""\n'
        "     i0 = 0.5 A ( 5 A/s)\n"
    )  # fmt: skip


def test_a_very_long_text_is_cut_short():
    text = "x" * 1_000_000
    (line,) = shown([channel("x:message", dtype="str")], Points(0, 0, np.array([text], object))).splitlines()
    assert line == f"message = {'x' * 400}…"
