"""Images in text."""

import math

import numpy as np
from drawn import image

from obtura.display.text_image import text_image


def drawn(picture, width=60, height=20, colour=False, blocks=True):
    return text_image(picture, width, height, colour, blocks)


def body(text):
    return [line.partition("│")[2].rstrip("│") for line in text.splitlines() if "│" in line]


def test_the_first_line_of_a_mesh_is_at_the_bottom():
    assert body(drawn(image([[0, 1], [2, 9]]), width=10, height=9)) == ["--@@", "..::"]


def test_the_first_line_of_a_frame_is_at_the_top():
    assert body(drawn(image([[0, 1], [2, 9]], upright=True), width=10, height=9)) == ["..::", "--@@"]


def test_what_was_not_measured_is_blank():
    assert body(drawn(image([[0, math.nan], [math.nan, 9]]), width=10, height=9)) == ["  @@", "..  "]


def test_a_small_image_is_made_larger_with_pixels_of_one_size():
    lines = body(drawn(image([[0, 9]]), width=40, height=13))
    assert len(lines) == 6
    assert set(lines) == {"." * 17 + "@" * 17}


def test_a_frame_keeps_its_proportions():
    lines = body(drawn(image([[0, 9], [9, 0]], upright=True), width=80, height=13))
    assert lines == ["......@@@@@@"] * 3 + ["@@@@@@......"] * 3


def test_a_spot_of_one_pixel_does_not_vanish_in_a_large_image():
    values = np.zeros((500, 700))
    values[123, 456] = 9
    assert sum(line.count("@") for line in body(drawn(image(values)))) == 1


def test_sides_and_values_are_written():
    text = drawn(image([[0, 1], [2, 9]], first=3, last=7))
    assert text.startswith("amesh\nrobz [mm]\n")
    assert text.splitlines()[-3].split() == ["3", "7"]
    assert text.splitlines()[-2].strip() == "roby [mm]"
    assert "0 .:-=+*#%@ 9 counts" in text
    assert next(line for line in text.splitlines() if "│" in line).startswith(" 1 │")


def test_no_line_is_longer_than_asked_for():
    lines = drawn(image(np.random.default_rng(1).random((30, 300)))).splitlines()
    assert max(map(len, lines)) <= 60
    assert len(lines) <= 20


def test_colours_are_used_where_there_are_some():
    text = drawn(image([[0, 1], [2, 9]]), colour=True)
    assert "\x1b[48;5;226m" in text and "@" not in text
    assert all(
        line.count("\x1b[") == 0 or line.rstrip("│ counts0123456789").endswith("\x1b[0m") for line in text.splitlines()
    )


def test_where_only_ascii_is_known_only_ascii_is_written():
    assert drawn(image([[0, 1], [2, 9]]), blocks=False).isascii()


def test_a_flat_image_and_one_without_values():
    assert set("".join(body(drawn(image([[4, 4], [4, 4]]))))) == {"."}
    assert "nothing to draw" in drawn(image([[math.nan]]))
