"""Showing pictures: as a figure in a notebook, in text everywhere else."""

import base64
import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from obtura.display.figure import figure_of, png_of, save_figure
from obtura.display.notebook import kernel, show_in_cell
from obtura.display.picture import Curves, Picture
from obtura.display.text_image import text_image
from obtura.display.text_plot import text_curves

__all__ = ["show"]

NARROW = (80, 24)
"""Characters and lines of a plot that goes into a pipe or file."""

WIDEST = 120


def show(pictures: Sequence[Picture], file: str | Path | None = None) -> None:
    """Show pictures to whoever looks, or write them into `file`, whose ending says as what: .png, .pdf, .svg.

    Raises:
        UsageError: a figure is asked for and matplotlib is not installed, or the file can't be written.
    """
    words = "\n".join(line for picture in pictures for line in picture.words)
    if file is not None:
        save_figure(figure_of(pictures), file)
    elif kernel() is not None:
        png = png_of(figure_of(pictures))
        show_in_cell({"image/png": base64.b64encode(png).decode(), "text/plain": words})
    else:
        sys.stdout.write("\n\n".join(_text(picture, sys.stdout) for picture in pictures) + "\n\n")
    if words:
        sys.stdout.write(words + "\n")


def _text(picture: Picture, stream: Any) -> str:
    """The picture in text, as large and as colourful as the stream allows; see no-color.org."""
    is_terminal = stream.isatty() and os.environ.get("TERM") != "dumb"
    width, height = shutil.get_terminal_size(NARROW) if is_terminal else NARROW
    height = max(min(height - 3 - len(picture.words), width // 4), 8)
    size = max(min(width, WIDEST) - 1, 30), height  # not into the last column: some terminals wrap there
    colour = is_terminal and not os.environ.get("NO_COLOR")
    draw = text_curves if isinstance(picture, Curves) else text_image
    return draw(picture, *size, colour, _knows_blocks(stream))  # type: ignore[arg-type]


def _knows_blocks(stream: Any) -> bool:
    """Whether the stream can write lines and dots that are not in ASCII."""
    try:
        "│⣀▲".encode(getattr(stream, "encoding", None) or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True
