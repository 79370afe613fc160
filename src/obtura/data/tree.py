"""Groups, texts, numbers, columns and links of an HDF5 file, noted down in its sketch."""

import math
import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from obtura.data.place import encoded
from obtura.data.sketch import Node

__all__ = [
    "attribute",
    "column",
    "entry_of",
    "external",
    "fact",
    "group",
    "hdf5_name",
    "link",
    "number",
    "packed_text",
    "prefilled",
    "roomy_text",
    "rows_of_a_chunk",
    "say_default",
    "say_where",
    "text",
    "unique_name",
]

SCALARS = 1024
"""The most scalars of a chunk: what was not full is written again at each flush."""

FEW = 64
"""The fewest points of a chunk, if they are scalars: a scan may become longer than was expected."""

ROOM = 256
"""Bytes; a text that is a little longer in each scan takes as much as in the last one."""


# -- names ------------------------------------------------------------------------------------------------


def hdf5_name(name: str) -> str:
    """A name fit for an HDF5 link and a NeXus field: letters, digits, `_`, `-` and dots inside."""
    return re.sub(r"[^\w.\-]", "_", name).strip(".") or "unnamed"


def unique_name(name: str, taken: Collection[str]) -> str:
    """`name`, made fit, and with `_2`, `_3`... when it is taken."""
    fit = hdf5_name(name)
    count = 2
    result = fit
    while result in taken:
        result = f"{fit}_{count}"
        count += 1
    return result


# -- making -----------------------------------------------------------------------------------------------


def group(parent: Node, name: str, nx_class: str | None, **attributes: str | Sequence[str]) -> Node:
    """A group with its NX_class and further attributes; it lists its members in the order of their making.

    One without a class is nothing of NeXus.
    """
    made = parent.add("group", name)
    if nx_class is not None:
        attribute(made, "NX_class", nx_class)
    for key, value in attributes.items():
        attribute(made, key, value)
    return made


def entry_of(root: Node, branch: int) -> Node:
    """The NXentry of a branch, from 0."""
    made = root.add_entry(branch)
    attribute(made, "NX_class", "NXentry")
    return made


def say_default(root: Node, branch: int) -> None:
    """The entry that a viewer shows."""
    root.note("attribute", "default", branch)


def attribute(owner: Node, name: str, value: str | Sequence[str]) -> None:
    """A text, or a list of texts, as an attribute."""
    owner.note("attribute", name, value if isinstance(value, str) else tuple(value))


def text(parent: Node, name: str, value: str, size: int | None = None) -> Node:
    """A text of fixed length: `size` bytes when it is to be overwritten while readers look, else as needed."""
    words = encoded(value)
    room = size or len(words) or 1
    return _value(parent, name, f"S{room}", (), words.ljust(room, b"\0"))


def roomy_text(parent: Node, name: str, value: str) -> Node:
    """A text whose length is another one in each scan."""
    return text(parent, name, value, -(-len(encoded(value)) // ROOM) * ROOM or ROOM)


def packed_text(parent: Node, name: str, size: int, level: int, packed: bytes) -> Node:
    """A text of `size` bytes, given as zlib has made it smaller; an array of length 1."""
    return parent.add("packed", name, size, level, packed)


def number(parent: Node, name: str, value: Any, unit: str | None = None) -> Node:
    """A number, or an array of them."""
    array = np.asarray(value)
    made = _value(parent, name, array.dtype.str, array.shape, array.tobytes())
    if unit:
        attribute(made, "units", unit)
    return made


def _value(parent: Node, name: str, dtype: str, shape: tuple[int, ...], content: bytes) -> Node:
    made = parent.add("value", name, dtype, shape)
    made.sketch.values[made.index] = content
    return made


def rows_of_a_chunk(shape: tuple[int, ...], expected: int = 0) -> int:
    """How many points of this shape make a chunk; fewer in a short scan (`expected` points, 0: unknown)."""
    rows = max(1, SCALARS // math.prod(shape))
    return min(rows, max(expected, FEW)) if expected > 0 else rows


def column(
    parent: Node,
    name: str,
    dtype: np.dtype[Any],
    shape: tuple[int, ...] = (),
    rows: int = SCALARS,
    unit: str | None = None,
    filters: Sequence[tuple[int, tuple[int, ...]]] = (),
) -> Node:
    """A dataset that grows along its first axis: empty, chunks of `rows` points of `shape`.

    `filters`: that its chunks go through, each with its options.
    """
    kind = dtype if dtype.names else dtype.str  # a type of fields has no name
    made = parent.add("chunked", name, kind, (0, *shape), True, (rows, *shape), tuple(filters))
    if unit:
        attribute(made, "units", unit)
    return made


def prefilled(parent: Node, name: str, dtype: np.dtype[Any], shape: tuple[int, ...], unit: str | None = None) -> Node:
    """An array of known shape that is filled in piece by piece; what is not yet is NaN, and takes no space."""
    chunk: list[int] = []
    for length in reversed(shape):
        chunk.insert(0, max(1, min(length, SCALARS // math.prod(chunk))))
    made = parent.add("chunked", name, dtype.str, shape, False, tuple(chunk), ())
    if unit:
        attribute(made, "units", unit)
    return made


def link(parent: Node, name: str, target: Node) -> None:
    """A second name, in `parent`, of what is there already."""
    parent.members[name] = target
    parent.note("link", name, target.index)


def say_where(owner: Node) -> None:
    """Have what has links to it say where it is itself, as NeXus wants."""
    if not owner.says_where:
        owner.says_where = True
        owner.note("target", "target")


def external(parent: Node, name: str, file: str, path: str) -> None:
    """A name in `parent` of what is at `path` in another file, which is given relative to this one."""
    parent.members[name] = None
    parent.note("external", name, file, path)


def fact(parent: Node, name: str, value: Any) -> None:
    """Metadata of any kind under a fit name: text, numbers, quantities, arrays, nested mappings; None is left out.

    A key that begins with "@" becomes an attribute. What HDF5 can't hold is kept as text.
    """
    if name.startswith("@") and len(name) > 1:
        if not parent.has_attribute(name[1:]):
            attribute(parent, name[1:], str(value))
        return
    fit = unique_name(name, parent.members)
    if isinstance(value, Mapping):
        nx_class = str(value.get("@NX_class", "NXcollection"))
        inner = group(parent, fit, nx_class)
        for key, each in value.items():
            if key != "@NX_class":
                fact(inner, str(key), each)
    elif isinstance(value, str):
        text(parent, fit, value)
    elif hasattr(value, "magnitude") and hasattr(value, "units"):  # of pint
        _array_or_text(parent, fit, value.magnitude, f"{value.units:~}")
    elif value is not None:
        _array_or_text(parent, fit, value)


def _array_or_text(parent: Node, name: str, value: Any, unit: str | None = None) -> None:
    try:
        array: npt.NDArray[Any] = np.asarray(value)
    except (ValueError, TypeError):  # lists of unequal lengths, objects that are arrays but in name
        array = np.array(None)
    if array.dtype.kind in "biufc":
        number(parent, name, array, unit)
    elif array.dtype.kind == "U" and array.ndim == 1 and array.size:
        words = [encoded(str(each)) for each in array]
        texts = np.array(words, dtype=f"S{max(1, *map(len, words))}")
        _value(parent, name, texts.dtype.str, texts.shape, texts.tobytes())
    else:
        text(parent, name, str(value))
