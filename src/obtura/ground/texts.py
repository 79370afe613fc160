"""Texts as the points of a channel: its type is `str`, a point is one text, a block an array of objects, each a `str`.

A text is kept as it was given, but for what no file can hold: HDF5 ends a text at a NUL, and half of a surrogate pair,
which Python has for bytes that are no UTF-8, is no character. Of these there is what Python writes of them: `\\x00`,
`\\udcff`. That is done where a text comes in, so that memory, journal, file and documents say the same.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["NOT_READ", "TEXT", "as_texts", "fit", "is_text"]

TEXT = np.dtype(str)
"""The type of a channel of texts, of any length."""


class _NotRead(str):
    """An empty text in the place of one that could not be read."""

    __slots__ = ()


NOT_READ = _NotRead()
"""What NaN is among numbers: the empty text of a point at which the counter could not be read."""


def is_text(dtype: "np.dtype[Any]") -> bool:
    """Whether values of a type are texts."""
    return dtype.kind == "U"


def as_texts(data: Any) -> npt.NDArray[np.object_]:
    """A text, or any arrangement of texts, as an array of objects of one's own.

    Raises:
        TypeError: something in it is no text.
    """
    texts = np.array(data, object)
    flat = texts.reshape(-1)
    for number, each in enumerate(flat):
        flat[number] = fit(each)
    return texts


def fit(text: Any) -> str:
    """A text without what can't be kept.

    Raises:
        TypeError: it is none.
    """
    if not isinstance(text, str):
        raise TypeError(f"{text!r} is no text")
    if text is NOT_READ:
        return NOT_READ
    plain = str.__str__(text)  # of an enum of texts, its value
    if plain.isascii() and "\0" not in plain:
        return plain
    return plain.replace("\0", r"\x00").encode("utf-8", "backslashreplace").decode()
