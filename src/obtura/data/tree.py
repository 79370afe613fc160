"""Groups, texts, numbers, columns and links of an HDF5 file, made with h5py's low-level calls.

A scan's file has some fifty objects, and all of them must exist before the first point: made with h5py's
usual interface that takes three times as long.
"""

import math
import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt
from h5py import h5a, h5d, h5g, h5i, h5o, h5p, h5s, h5t, h5z

__all__ = [
    "Place",
    "attribute",
    "column",
    "external",
    "fact",
    "group",
    "hdf5_name",
    "link",
    "number",
    "prefilled",
    "rows_of_a_chunk",
    "say_where",
    "set_number",
    "set_text",
    "text",
    "unique_name",
]

SCALARS = 1024
"""The most scalars of a chunk: what was not full is written again at each flush."""

FEW = 64
"""The fewest points of a chunk, if they are scalars: a scan may become longer than was expected."""

_SCALAR = h5s.create(h5s.SCALAR)
_STRING = h5t.py_create(h5py.string_dtype(), logical=True)
_IN_ORDER = h5p.create(h5p.GROUP_CREATE)
_IN_ORDER.set_link_creation_order(h5p.CRT_ORDER_TRACKED | h5p.CRT_ORDER_INDEXED)


class Place:
    """A dataset that is written later, in the file it was made in or in a copy of that; `path`: its path there."""

    def __init__(self, dataset: h5d.DatasetID) -> None:
        self.path = h5i.get_name(dataset)
        self._root: Any = None
        self._dataset: Any = dataset

    @property
    def path_text(self) -> str:
        """The path as text."""
        return self.path.decode() if isinstance(self.path, bytes) else str(self.path)

    def attach(self, root: Any) -> None:
        """Go on in another file, given by its root."""
        self._root = root
        self._dataset = None

    def detach(self) -> None:
        """The file is going to be closed."""
        self._root = self._dataset = None

    @property
    def is_open(self) -> bool:
        """Whether the file is open."""
        return self._root is not None or self._dataset is not None

    @property
    def dataset(self) -> h5d.DatasetID:
        """The dataset itself, opened when it is needed first."""
        if self._dataset is None:
            self._dataset = h5d.open(self._root, self.path)
        return self._dataset


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


def _bytes(text: str) -> bytes:
    """UTF-8 without what HDF5 has no place for."""
    return text.replace("\0", " ").encode("utf-8", "backslashreplace")


# -- making -----------------------------------------------------------------------------------------------


def group(parent: Any, name: str, nx_class: str | None, **attributes: Any) -> h5g.GroupID:
    """A group with its NX_class and further attributes; it lists its members in the order of their making.

    One without a class is nothing of NeXus.
    """
    made = h5g.create(parent, _bytes(name), gcpl=_IN_ORDER)
    if nx_class is not None:
        attribute(made, "NX_class", nx_class)
    for key, value in attributes.items():
        attribute(made, key, value)
    return made


def attribute(owner: Any, name: str, value: str | Sequence[str]) -> None:
    """A text, or a list of texts, as an attribute. Of variable length: h5py reads those as `str`."""
    if isinstance(value, str):
        space, data = _SCALAR, np.array(_bytes(value).decode(), dtype=object)
    else:
        space = h5s.create_simple((len(value),))
        data = np.array([_bytes(each).decode() for each in value], dtype=object)
    h5a.create(owner, _bytes(name), _STRING, space).write(data)


def text(parent: Any, name: str, value: str, size: int | None = None) -> h5d.DatasetID:
    """A text of fixed length: `size` bytes when it is to be overwritten while readers look, else as needed."""
    encoded = _bytes(value)
    kind = _text_type(size or len(encoded) or 1)
    made = h5d.create(parent, _bytes(name), kind, _SCALAR)
    _write_text(made, encoded, kind)
    return made


def set_text(place: Place, value: str) -> None:
    """Overwrite a text; one that is too long ends with an ellipsis."""
    kind = place.dataset.get_type()
    size = kind.get_size()
    encoded = _bytes(value)
    if len(encoded) > size:
        mark = "…".encode() if size > 3 else b""
        encoded = encoded[: size - len(mark)].decode(errors="ignore").encode() + mark
    _write_text(place.dataset, encoded, kind)


def number(parent: Any, name: str, value: Any, unit: str | None = None) -> h5d.DatasetID:
    """A number, or an array of them."""
    array = np.asarray(value)
    space = h5s.create_simple(array.shape) if array.shape else _SCALAR
    made = h5d.create(parent, _bytes(name), h5t.py_create(array.dtype, logical=True), space)
    if array.size:
        made.write(h5s.ALL, h5s.ALL, np.ascontiguousarray(array))
    if unit:
        attribute(made, "units", unit)
    return made


def set_number(place: Place, value: float) -> None:
    """Overwrite a number."""
    place.dataset.write(h5s.ALL, h5s.ALL, np.array(value, dtype=place.dataset.dtype))


def rows_of_a_chunk(shape: tuple[int, ...], expected: int = 0) -> int:
    """How many points of this shape make a chunk; fewer in a short scan (`expected` points, 0: unknown)."""
    rows = max(1, SCALARS // math.prod(shape))
    return min(rows, max(expected, FEW)) if expected > 0 else rows


def column(
    parent: Any,
    name: str,
    dtype: np.dtype[Any],
    shape: tuple[int, ...] = (),
    rows: int = SCALARS,
    unit: str | None = None,
    filters: Sequence[tuple[int, tuple[int, ...]]] = (),
) -> h5d.DatasetID:
    """A dataset that grows along its first axis: empty, chunks of `rows` points of `shape`.

    `filters`: that its chunks go through, each with its options.
    """
    kind = _text_type(dtype.itemsize) if dtype.kind == "S" else h5t.py_create(dtype, logical=True)
    how = h5p.create(h5p.DATASET_CREATE)
    how.set_chunk((rows, *shape))
    for filter_, options in filters:
        how.set_filter(filter_, h5z.FLAG_OPTIONAL, options)  # what can't be made smaller is kept as it is
    if dtype.kind == "f":
        how.set_fill_value(np.array(np.nan, dtype=dtype))  # what is not there must not look like a value
    space = h5s.create_simple((0, *shape), (h5s.UNLIMITED, *shape))
    made = h5d.create(parent, _bytes(name), kind, space, how)
    if unit:
        attribute(made, "units", unit)
    return made


def prefilled(
    parent: Any, name: str, dtype: np.dtype[Any], shape: tuple[int, ...], unit: str | None = None
) -> h5d.DatasetID:
    """An array of known shape that is filled in piece by piece; what is not yet is NaN, and takes no space."""
    how = h5p.create(h5p.DATASET_CREATE)
    chunk: list[int] = []
    for length in reversed(shape):
        chunk.insert(0, max(1, min(length, SCALARS // math.prod(chunk))))
    how.set_chunk(tuple(chunk))
    how.set_fill_value(np.array(np.nan, dtype=dtype))
    made = h5d.create(parent, _bytes(name), h5t.py_create(dtype, logical=True), h5s.create_simple(shape), how)
    if unit:
        attribute(made, "units", unit)
    return made


def link(parent: Any, name: str, target: Any, target_name: str) -> None:
    """A second name, in `parent`, of what is `target_name` in `target`."""
    parent.links.create_hard(_bytes(name), target, _bytes(target_name))


def say_where(parent: Any, name: str) -> None:
    """Have what has links to it say where it is itself, as NeXus wants."""
    owner = h5o.open(parent, _bytes(name))
    if not h5a.exists(owner, b"target"):
        attribute(owner, "target", h5i.get_name(owner).decode())


def external(parent: Any, name: str, file: str, path: bytes) -> None:
    """A name in `parent` of what is at `path` in another file, which is given relative to this one."""
    parent.links.create_external(_bytes(name), _bytes(file), path)


def fact(parent: Any, name: str, value: Any) -> None:
    """Metadata of any kind under a fit name: text, numbers, quantities, arrays, nested mappings; None is left out.

    A key that begins with "@" becomes an attribute. What HDF5 can't hold is kept as text.
    """
    if name.startswith("@") and len(name) > 1:
        if not h5a.exists(parent, _bytes(name[1:])):
            attribute(parent, name[1:], str(value))
        return
    taken = {key.decode(errors="replace") for key in parent}
    fit = unique_name(name, taken)
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


def _array_or_text(parent: Any, name: str, value: Any, unit: str | None = None) -> None:
    try:
        array: npt.NDArray[Any] = np.asarray(value)
    except (ValueError, TypeError):  # lists of unequal lengths, objects that are arrays but in name
        array = np.array(None)
    if array.dtype.kind in "biufc":
        number(parent, name, array, unit)
    elif array.dtype.kind == "U" and array.ndim == 1 and array.size:
        encoded = [_bytes(str(each)) for each in array]
        kind = _text_type(max(1, *map(len, encoded)))
        made = h5d.create(parent, _bytes(name), kind, h5s.create_simple(array.shape))
        made.write(h5s.ALL, h5s.ALL, np.array(encoded, dtype=f"S{kind.get_size()}"), kind)
    else:
        text(parent, name, str(value))


def _text_type(size: int) -> h5t.TypeStringID:
    kind = h5t.C_S1.copy()
    kind.set_size(size)
    kind.set_cset(h5t.CSET_UTF8)
    kind.set_strpad(h5t.STR_NULLPAD)
    return kind


def _write_text(dataset: h5d.DatasetID, encoded: bytes, kind: h5t.TypeStringID) -> None:
    dataset.write(h5s.ALL, h5s.ALL, np.array(encoded, dtype=f"S{kind.get_size()}"), kind)
