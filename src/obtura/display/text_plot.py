"""Curves in text, drawn with plotext."""

import functools
import importlib
import math
from types import ModuleType
from typing import NamedTuple

import numpy as np

from obtura.display.picture import Curve, Curves, ticks
from obtura.display.text_image import ascii_only

__all__ = ["text_curves"]


class _Drawn(NamedTuple):
    number: int
    x: list[float]
    y: list[float]
    name: str


COLOURS = ("blue+", "green+", "magenta+", "orange+", "cyan+")


@functools.cache
def _plotext() -> ModuleType:
    return importlib.import_module("plotext")  # 65 ms: only who plots in a terminal waits for it


def text_curves(picture: Curves, width: int, height: int, colour: bool, blocks: bool) -> str:
    """The picture in `height` lines of at most `width` characters; `blocks`: the terminal knows more than ASCII."""
    drawn: list[_Drawn] = [_Drawn(number, *_finite(curve), curve.name) for number, curve in enumerate(picture.curves)]
    drawn = [each for each in drawn if each.x]
    if not drawn:
        return f"{picture.title}\n(nothing to draw: no finite value)"
    plt = _plotext()
    plt.clear_figure()
    plt.theme("clear")  # the terminal's own colours for what is no curve
    plt.limit_size(False, False)  # else it is cut to the size of a terminal, which a pipe has none of
    plt.plot_size(width, height)
    plt.title(picture.title)
    plt.xlabel(picture.xlabel)
    plt.ylabel(picture.ylabel)
    for number, x, y, name in drawn:
        marker = ("braille" if len(x) > 1 else "●") if blocks else "*ox+#"[number % 5]
        paint = plt.plot if len(x) > 1 else plt.scatter
        paint(x, y, marker=marker, color=COLOURS[number % len(COLOURS)], label=name if len(drawn) > 1 else None)
    _mark(plt, picture, blocks)
    _set_ticks(plt, drawn, width, height)
    text = "\n".join(line.rstrip() for line in plt.build().rstrip().splitlines())
    plt.clear_figure()
    if not colour:
        text = "\n".join(line.rstrip() for line in plt.uncolorize(text).splitlines())
    return text if blocks else ascii_only(text)


def _finite(curve: Curve) -> tuple[list[float], list[float]]:
    good = np.isfinite(curve.x) & np.isfinite(curve.y)
    return curve.x[good].tolist(), curve.y[good].tolist()


def _mark(plt: ModuleType, picture: Curves, blocks: bool) -> None:
    marks = picture.marks
    if marks is None:
        return
    if math.isfinite(marks.width[0] + marks.width[1]):
        plt.plot(list(marks.width), [marks.half, marks.half], marker="─" if blocks else "-", color="red")
    if math.isfinite(marks.centre):
        plt.vline(marks.centre, "red")
    if math.isfinite(marks.peak[0]):
        plt.scatter([marks.peak[0]], [marks.peak[1]], marker="▲" if blocks else "^", color="red+")


def _set_ticks(plt: ModuleType, drawn: list[_Drawn], width: int, height: int) -> None:
    """Round numbers: plotext's own are not."""
    for set_ticks, values, most in (
        (plt.xticks, [value for each in drawn for value in each.x], width // 12),
        (plt.yticks, [value for each in drawn for value in each.y], height // 3),
    ):
        places = ticks(min(values), max(values), max(most, 2))
        set_ticks(places, [f"{place:g}" for place in places])
