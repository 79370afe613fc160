"""From what was measured to what a plot shows."""

import math

import numpy as np
import pytest
from alignment import Lab

from obtura.display.picture import Curves, Image
from obtura.ground.errors import UsageError
from obtura.ground.events import ChannelInfo
from obtura.scans.measured import Measured, along_axes, measured, over_time
from obtura.scans.pictures import pictures


@pytest.fixture
def lab():
    return Lab()


def drawn(scan, *counters):
    seen = measured(scan)
    return pictures(seen, [seen.find(counter) for counter in counters])


def made(shape, values, over=(), name="mca"):
    info = ChannelInfo(name, name, "float64", shape, "counts", "counter", 0, name, True)
    return Measured("scan 7", "scan 7: it", tuple(over), (info,), {name: values})


def test_scalars_over_an_axis_are_curves_with_the_marks_of_the_first(lab):
    (picture,) = drawn(lab.ascan(lab.peak, lab.dip), lab.peak, lab.dip)
    assert isinstance(picture, Curves)
    assert [curve.name for curve in picture.curves] == ["peak", "dip"]
    assert picture.xlabel == "x [mm]" and picture.title == "scan 1: ascan x -2 8 100 0"
    assert picture.marks.peak == pytest.approx((3, math.exp(-1.125)), abs=0.01)
    assert picture.marks.centre == pytest.approx(3, abs=0.01)
    assert picture.marks.width == pytest.approx((3 - 1.1774, 3 + 1.1774), abs=0.01)
    assert picture.here == 8


def test_what_is_seen_is_said_in_numbers(lab):
    words = drawn(lab.ascan(), lab.peak)[0].words
    assert words[0].startswith("peak: peak 0.324652 at x 3 mm; centre 3; width (fwhm) 2.35")
    assert "centre of mass 3" in words[0]
    assert words[1] == "now: x 8 mm"


def test_a_flat_counter_has_no_marks(lab):
    (picture,) = drawn(lab.ascan(lab.flat), lab.flat)
    assert picture.marks is None
    assert picture.words[0] == "flat: 4 at every one of 101 points"


def test_without_an_axis_the_curve_goes_over_the_time(lab):
    (picture,) = drawn(lab.bench.loopscan(5, 0, lab.peak, save=False), lab.peak)
    assert picture.xlabel == "time [s]" and math.isnan(picture.here)
    assert len(picture.words) == 1


def test_without_axis_and_time_it_goes_over_the_points():
    (picture,) = pictures(seen := made((), np.array([1.0, 5.0, 2.0])), seen.counters)
    assert picture.curves[0].x.tolist() == [0, 1, 2] and picture.xlabel == "point"
    assert picture.words == ("mca: peak 5 counts",)


@pytest.mark.parametrize("backnforth", [False, True])
def test_a_mesh_is_an_image_with_its_marks(lab, backnforth):
    (picture,) = drawn(lab.mesh(backnforth=backnforth), lab.peak)
    assert isinstance(picture, Image)
    assert picture.values.shape == (13, 17)
    assert np.unravel_index(picture.values.argmax(), (13, 17)) == (6, 8)
    assert picture.peak == (3, -1)
    assert picture.centre == pytest.approx((3, -1), abs=0.05)
    assert (picture.across.label, picture.across.first, picture.across.last) == ("x [mm]", -1, 7)
    assert (picture.along.label, picture.along.first, picture.along.last) == ("y", -4, 2)
    assert picture.here == lab.positions


def test_two_counters_of_a_mesh_are_two_images(lab):
    assert [each.title for each in drawn(lab.mesh(lab.peak, lab.dip), lab.peak, lab.dip)] == [
        "scan 1: amesh x -1 7 16 y -4 2 12 0: peak",
        "scan 1: amesh x -1 7 16 y -4 2 12 0: dip",
    ]


def test_a_mesh_that_was_not_finished_has_holes(lab):
    scan = lab.bench.amesh(lab.x, 0, 4, 4, lab.y, 0, 3, 3, 0, lab.peak, save=False, run=False)

    def move(target):
        lab.stages[1].position = target
        if target > 1:
            scan.stop()

    lab.stages[1].move = move
    scan.run()
    (picture,) = drawn(scan, lab.peak)
    assert np.isfinite(picture.values).sum() == len(scan.get_data()[lab.peak]) < 20


def test_of_three_axes_the_plane_with_the_peak_is_shown():
    third = np.repeat([0.0, 1.0, 2.0], 4)
    x, y = np.tile([0.0, 1.0], 6), np.tile([0.0, 0.0, 1.0, 1.0], 3)
    facts = {"data_dim": 3, "npoints1": 2, "npoints2": 2, "npoints3": 3, "start": [0, 0, 0], "stop": [1, 1, 2]}
    over = along_axes(facts, [None] * 3, ["x", "y", "z"], [None, None, "deg"], [x, y, third])
    values = np.arange(12.0)
    values[6] = 99
    (picture,) = pictures(seen := made((), values, over), seen.counters)
    assert picture.values.tolist() == [[4, 5], [99, 7]]
    assert picture.title == "scan 7: it: mca, at z 1 deg"


def test_one_spectrum_is_a_curve():
    spectrum = np.array([[0.0, 1, 9, 1, 0]])
    (picture,) = pictures(seen := made((5,), spectrum), seen.counters)
    assert picture.xlabel == "channel" and picture.curves[0].y.tolist() == [0, 1, 9, 1, 0]
    assert picture.words == ("mca: largest 9 counts in channel 2 of 5",)


def test_several_spectra_are_an_image_with_a_line_for_each_point():
    spectra = np.array([[0.0, 1, 2], [0, 9, 1], [3, 1, 1]])
    over = along_axes({}, [None], ["x"], ["mm"], [np.array([10.0, 11, 12])])
    (picture,) = pictures(seen := made((3,), spectra, over), seen.counters)
    assert picture.values.tolist() == spectra.tolist()
    assert (picture.along.label, picture.along.first, picture.along.last) == ("x [mm]", 10, 12)
    assert picture.words == ("mca: largest 9 counts in channel 1 of 3, at x 11 mm",)


def test_spectra_at_uneven_places_are_numbered():
    over = over_time("s", np.array([0.0, 1, 50]))
    (picture,) = pictures(seen := made((2,), np.eye(3)[:, :2], over), seen.counters)
    assert picture.along.label == "point"


def test_of_frames_the_last_one_is_shown_upright():
    frames = np.zeros((3, 4, 5))
    frames[2, 1, 3] = 7
    (picture,) = pictures(seen := made((4, 5), frames, name="camera"), seen.counters)
    assert picture.upright and picture.values.shape == (4, 5)
    assert picture.title == "scan 7: it: camera, frame 3 of 3"
    assert picture.words == ("camera: largest 7 in line 1, column 3",)


def test_a_frame_in_colour_is_drawn_by_how_bright_it_is():
    frames = np.zeros((2, 4, 5, 3))
    frames[1, 1, 3] = 0, 6, 3
    (picture,) = pictures(seen := made((4, 5, 3), frames, name="camera"), seen.counters)
    assert picture.upright and picture.values.shape == (4, 5)
    assert picture.words == ("camera: largest 3 in line 1, column 3",)


@pytest.mark.parametrize(
    ("words", "seen"),
    [
        ("has no point of mca", made((), np.array([]))),
        ("more than an image", made((2, 3, 4), np.zeros((1, 2, 3, 4)))),
        ("has no counter to plot", made((), np.ones(3))._replace(counters=())),
    ],
)
def test_what_can_not_be_drawn_is_said(words, seen):
    with pytest.raises(UsageError, match=words):
        pictures(seen, seen.counters)


def test_values_that_are_not_finite_do_no_harm():
    for shape, values in [
        ((), np.array([1, math.nan, 3])),
        ((2,), np.full((2, 2), math.nan)),
        ((2, 2), np.full((1, 2, 2), math.nan)),
    ]:
        seen = made(shape, values)
        assert pictures(seen, seen.counters)


def test_an_axis_that_does_not_answer_does_not_spoil_the_plot(lab):
    scan = lab.ascan()
    del lab.stages[0].position
    (picture,) = drawn(scan, lab.peak)
    assert math.isnan(picture.here) and len(picture.words) == 1
