"""Pictures as a figure of matplotlib, which comes with the extra `jupyter`."""

import importlib
import io
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from obtura.display.picture import Curves, Image, Picture
from obtura.ground.errors import UsageError

__all__ = ["figure_of", "png_of", "save_figure"]

DPI = 110
MARK = "tab:red"


def figure_of(pictures: Sequence[Picture]) -> Any:
    """A figure with one picture below the other. It belongs to no window and to no pyplot.

    Raises:
        UsageError: matplotlib is not installed.
    """
    try:
        module = importlib.import_module("matplotlib.figure")  # an extra's; 0.4 s that only who plots waits for
    except ImportError as error:
        raise UsageError(f"a figure needs matplotlib ({error}); install it: pip install 'obtura[jupyter]'") from error
    figure = module.Figure(figsize=(7, 4.2 * len(pictures)), dpi=DPI, layout="constrained")
    for number, picture in enumerate(pictures, start=1):
        axes = figure.add_subplot(len(pictures), 1, number)
        axes.set_title(picture.title, fontsize="medium")
        if isinstance(picture, Curves):
            _draw_curves(axes, picture)
        else:
            _draw_image(figure, axes, picture)
    return figure


def png_of(figure: Any) -> bytes:
    """The figure as a PNG."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    return buffer.getvalue()


def save_figure(figure: Any, path: str | Path) -> None:
    """Write the figure; the file's ending says as what: .png, .pdf, .svg.

    Raises:
        UsageError: it can't be written, or not as that.
    """
    try:
        figure.savefig(Path(path))
    except (OSError, ValueError) as error:
        raise UsageError(f"the plot can't be written to {path}: {error}") from error


def _draw_curves(axes: Any, picture: Curves) -> None:
    for curve in picture.curves:
        axes.plot(curve.x, curve.y, marker="." if len(curve.x) < 200 else None, label=curve.name)
    marks = picture.marks
    if marks is not None:
        if math.isfinite(marks.peak[0]):
            axes.plot(*marks.peak, "^", color=MARK, label=f"peak {marks.peak[0]:.6g}")
        if math.isfinite(marks.centre):
            axes.axvline(marks.centre, color=MARK, linewidth=1, label=f"centre {marks.centre:.6g}")
        if math.isfinite(sum(marks.width)):
            width = marks.width[1] - marks.width[0]
            axes.plot(marks.width, [marks.half] * 2, "|-", color=MARK, linewidth=1, label=f"width {width:.6g}")
    if math.isfinite(picture.here):
        axes.axvline(picture.here, color="grey", linewidth=1, linestyle=":", label=f"now {picture.here:.6g}")
    axes.set_xlabel(picture.xlabel)
    axes.set_ylabel(picture.ylabel)
    axes.grid(alpha=0.3)
    axes.legend(fontsize="small")


def _draw_image(figure: Any, axes: Any, picture: Image) -> None:
    lines, columns = picture.values.shape
    left, right = _outer(picture.across.first, picture.across.last, columns)
    first, last = _outer(picture.along.first, picture.along.last, lines)
    shown = axes.imshow(
        np.ma.masked_invalid(picture.values),
        origin="upper" if picture.upright else "lower",
        extent=(left, right, last, first) if picture.upright else (left, right, first, last),
        aspect="equal" if picture.upright else "auto",
        interpolation="nearest",
    )
    axes.set_autoscale_on(False)
    if math.isfinite(sum(picture.centre)):
        (x, y), (width, height) = picture.centre, picture.width
        label = f"centre {x:.4g}, {y:.4g}\nwidth {width:.4g}, {height:.4g}"
        axes.errorbar([x], [y], [height / 2], [width / 2], fmt="none", color=MARK, capsize=3, label=label)
    if math.isfinite(sum(picture.peak)):
        axes.plot(*picture.peak, "^", color=MARK, label="peak {:.4g}, {:.4g}".format(*picture.peak))
    if math.isfinite(sum(picture.here)):
        axes.plot(*picture.here, "x", color="grey", label="now {:.4g}, {:.4g}".format(*picture.here))
    axes.set_xlabel(picture.across.label)
    axes.set_ylabel(picture.along.label)
    if axes.get_legend_handles_labels()[0]:
        axes.legend(fontsize="small")
    figure.colorbar(shown, ax=axes, label=picture.unit)


def _outer(first: float, last: float, pixels: int) -> tuple[float, float]:
    """The outer edges of the first and last pixel, whose middles are given."""
    half = (last - first) / (pixels - 1) / 2 if pixels > 1 and last != first else 0.5
    return first - half, last + half
