"""An image in text: a colour for each value, or a sign when there are no colours."""

import numpy as np
import numpy.typing as npt

from obtura.display.picture import Image

__all__ = ["ascii_only", "text_image"]

SIGNS = ".:-=+*#%@"
"""From the least to the largest value; where nothing was measured there is a blank."""

RAMP = (17, 18, 19, 20, 26, 32, 38, 37, 36, 35, 34, 70, 106, 142, 178, 214, 220, 226)
"""Colours of the 256 that every terminal knows, from dark blue to yellow."""

_TO_ASCII = str.maketrans("│─┌┐└┘├┤┬┴┼", "|-+++++++++")


def ascii_only(text: str) -> str:
    """The text without lines and signs that ASCII does not have."""
    return text.translate(_TO_ASCII).encode("ascii", "replace").decode()


def text_image(picture: Image, width: int, height: int, colour: bool, blocks: bool) -> str:
    """The picture in about `height` lines of `width` characters; `blocks`: the terminal knows more than ASCII."""
    values = picture.values if picture.upright else picture.values[::-1]
    finite = values[np.isfinite(values)]
    if not finite.size:
        return f"{picture.title}\n(nothing to draw: no finite value)"
    low, high = float(finite.min()), float(finite.max())
    top, bottom = (picture.along.first, picture.along.last)[:: 1 if picture.upright else -1]
    margin = max(len(f"{top:g}"), len(f"{bottom:g}"))
    columns, lines = _fitted(picture, width - margin - 3, height - 7)
    levels = _levels(_resized(values, lines, columns), low, high, len(RAMP) if colour else len(SIGNS))
    draw = _coloured if colour else _signs
    body = [draw(line) for line in levels]
    edges = [f"{top:g}", *[""] * (lines - 2), f"{bottom:g}"] if lines > 1 else [f"{top:g}"]
    ends = f"{picture.across.first:g}", f"{picture.across.last:g}"
    gap = max(columns - len(ends[0]) - len(ends[1]), 1)
    text = "\n".join(
        [
            picture.title,
            picture.along.label,
            f"{'':>{margin}} ┌{'─' * columns}┐",
            *[f"{edge:>{margin}} │{line}│" for edge, line in zip(edges, body, strict=True)],
            f"{'':>{margin}} └{'─' * columns}┘",
            f"{'':>{margin}}  {ends[0]}{' ' * gap}{ends[1]}",
            f"{'':>{margin}}  {picture.across.label:^{columns}}".rstrip(),
            f"{'':>{margin}}  {_key(low, high, colour)} {picture.unit}".rstrip(),
        ]
    )
    return text if blocks else ascii_only(text)


def _fitted(picture: Image, width: int, height: int) -> tuple[int, int]:
    """How many characters and lines: as many as fit, each pixel alike. A frame keeps its proportions, with characters
    twice as high as wide; the sides of a mesh have units of their own.
    """
    lines, columns = picture.values.shape
    if picture.upright:
        scale = min(width / (2 * columns), height / lines)
        scale = int(scale) if scale >= 1 else scale
        return max(int(2 * columns * scale), 1), max(int(lines * scale), 1)
    across, along = width // columns, height // lines
    return max(across * columns, min(width, columns)), max(along * lines, min(height, lines))


def _resized(values: npt.NDArray[np.float64], lines: int, columns: int) -> npt.NDArray[np.float64]:
    """Each character shows the largest of the pixels below it: a spot of one pixel must not vanish."""
    shown = np.where(np.isnan(values), -np.inf, values)
    for axis, size in ((0, lines), (1, columns)):
        there = shown.shape[axis]
        if size >= there:
            shown = np.take(shown, np.arange(size) * there // size, axis)
        else:
            shown = np.maximum.reduceat(shown, np.arange(size) * there // size, axis)
    return shown


def _levels(values: npt.NDArray[np.float64], low: float, high: float, number: int) -> npt.NDArray[np.intp]:
    """0 for the least value to number - 1 for the largest; -1 where there is none."""
    part = np.zeros_like(values) if high == low else (values - low) / (high - low)
    levels = np.clip(np.nan_to_num(part, neginf=0.0) * number, 0, number - 1).astype(np.intp)
    return np.where(np.isneginf(values), -1, levels)


def _signs(levels: npt.NDArray[np.intp]) -> str:
    return "".join(" " if level < 0 else SIGNS[level] for level in levels)


def _coloured(levels: npt.NDArray[np.intp]) -> str:
    parts, before = [], None
    for level in levels.tolist():
        if level != before:
            parts.append("\x1b[0m" if level < 0 else f"\x1b[48;5;{RAMP[level]}m")
            before = level
        parts.append(" ")
    return "".join(parts) + "\x1b[0m"


def _key(low: float, high: float, colour: bool) -> str:
    """What the signs or colours stand for."""
    sample = _coloured(np.arange(len(RAMP))) if colour else SIGNS
    return f"{low:g} {sample} {high:g}"
