"""Pictures as figures of matplotlib."""

import sys

import numpy as np
import pytest
from drawn import MARKS, bell, curves, image

from obtura.display.figure import figure_of, png_of, save_figure
from obtura.ground.errors import UsageError


def texts(axes):
    return [text.get_text() for text in axes.get_legend().get_texts()]


def test_a_curve_is_drawn_with_peak_centre_and_width():
    (axes,) = figure_of([curves(bell(), marks=MARKS, here=3.0)]).axes
    assert axes.get_xlabel() == "roby [mm]" and axes.get_title() == "ascan roby 0 10 20 0.1"
    assert texts(axes) == ["diode", "peak 5", "centre 5", "width 4.7", "now 3"]
    assert axes.lines[0].get_ydata().max() == 1000


def test_a_mesh_is_drawn_with_its_positions_in_the_middle_of_the_pixels():
    picture = image([[0, 1, 2], [3, 4, 9]], first=0, last=10, peak=(10, 1), centre=(6, 0.5), width=(3, 1), here=(0, 0))
    axes = figure_of([picture]).axes[0]
    assert axes.images[0].get_extent() == [-2.5, 12.5, -2, 2]
    assert axes.images[0].origin == "lower"
    assert texts(axes) == ["peak 10, 1", "now 0, 0", "centre 6, 0.5\nwidth 3, 1"]


def test_a_frame_stands_upright():
    axes = figure_of([image([[0, 1], [2, 3]], upright=True)]).axes[0]
    assert axes.images[0].origin == "upper"
    assert axes.get_ylim()[0] > axes.get_ylim()[1]


def test_an_image_of_one_pixel_can_be_drawn():
    assert png_of(figure_of([image([[4]], first=1, last=1)])).startswith(b"\x89PNG")


def test_several_pictures_stand_below_each_other():
    figure = figure_of([curves(bell()), image(np.eye(3))])
    assert [axes.get_title() for axes in figure.axes[:2]] == ["ascan roby 0 10 20 0.1", "amesh"]


@pytest.mark.parametrize("ending", ["png", "pdf", "svg"])
def test_a_figure_is_written_as_the_ending_says(tmp_path, ending):
    path = tmp_path / f"plot.{ending}"
    save_figure(figure_of([curves(bell())]), path)
    assert path.stat().st_size > 1000


def test_a_file_that_can_not_be_written_is_an_error_in_words(tmp_path):
    with pytest.raises(UsageError, match="can't be written to .*nowhere"):
        save_figure(figure_of([curves(bell())]), tmp_path / "nowhere" / "plot.png")
    with pytest.raises(UsageError, match="xyz"):
        save_figure(figure_of([curves(bell())]), tmp_path / "plot.xyz")


def test_without_matplotlib_the_answer_is_how_to_install_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(UsageError, match=r"pip install 'obtura\[jupyter\]'"):
        figure_of([curves(bell())])
