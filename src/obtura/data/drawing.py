"""A sketch made into a file, or into a part of one, with h5py's low-level calls."""

import io
from collections.abc import Callable, Mapping
from typing import Any

import h5py
import numpy as np
from h5py import h5a, h5d, h5g, h5o, h5p, h5s, h5t, h5z

from obtura.data.layout import entry_name
from obtura.data.place import encoded, type_of
from obtura.data.sketch import Sketch

__all__ = ["FORMAT", "draw", "image_of"]

FORMAT = ("v110", "v110")
"""The oldest format that has SWMR: readable with every HDF5 from 1.10 on. "latest" would ask for the newest."""

_SCALAR = h5s.create(h5s.SCALAR)
_STRING = h5t.py_create(h5py.string_dtype(), logical=True)
_IN_ORDER = h5p.create(h5p.GROUP_CREATE)
_IN_ORDER.set_link_creation_order(h5p.CRT_ORDER_TRACKED | h5p.CRT_ORDER_INDEXED)
_IN_ORDER.set_obj_track_times(False)


def image_of(sketch: Sketch, number: int) -> tuple[bytes, dict[int, int]]:
    """The bytes of a file as it is sketched, with the entries of scan `number`; and where in it each value is."""
    image = io.BytesIO()  # made in memory: then a full disk shows in a write of ours, not inside of HDF5
    with h5py.File(image, "w", libver=FORMAT) as file:
        offsets = draw(sketch, file.id, number)
    return image.getvalue(), offsets


def draw(sketch: Sketch, root: Any, number: int) -> dict[int, int]:
    """Make all that is sketched in a group; returns the place in the file of each value, by the index of its node."""
    drawing = _Drawing(root, number, sketch.values)
    for kind, owner, name, *facts in sketch.steps:
        _HOW[kind](drawing, owner, name, *facts)
    return {index: drawing.objects[index].get_offset() for index, value in sketch.values.items() if value}


class _Drawing:
    """The objects so far, by the index of their node."""

    def __init__(self, root: Any, number: int, values: Mapping[int, bytes]) -> None:
        self.objects = [root]
        self.paths = [""]
        self.number = number
        self.values = values

    def _named(self, name: str | int) -> str:
        return name if isinstance(name, str) else entry_name(self.number, name)

    def _keep(self, owner: int, name: str, made: Any) -> None:
        self.objects.append(made)
        self.paths.append(f"{self.paths[owner]}/{name}")

    def group(self, owner: int, name: str | int) -> None:
        fit = self._named(name)
        self._keep(owner, fit, h5g.create(self.objects[owner], encoded(fit), gcpl=_IN_ORDER))

    def attribute(self, owner: int, name: str, value: str | int | tuple[str, ...]) -> None:
        """Of variable length: h5py reads those as `str`."""
        if isinstance(value, tuple):
            space = h5s.create_simple((len(value),))
            data = np.array([encoded(each).decode() for each in value], dtype=object)
        else:
            space, data = _SCALAR, np.array(encoded(self._named(value)).decode(), dtype=object)
        h5a.create(self.objects[owner], encoded(name), _STRING, space).write(data)

    def target(self, owner: int, name: str) -> None:
        self.attribute(owner, name, self.paths[owner])

    def value(self, owner: int, name: str, dtype: str, shape: tuple[int, ...]) -> None:
        space = h5s.create_simple(shape) if shape else _SCALAR
        kind = type_of(np.dtype(dtype))
        made = h5d.create(self.objects[owner], encoded(name), kind, space, _timeless())
        content = self.values[len(self.objects)]
        if content:
            made.write(h5s.ALL, h5s.ALL, np.frombuffer(content, dtype).reshape(shape), kind)
        self._keep(owner, name, made)

    def chunked(
        self,
        owner: int,
        name: str,
        dtype: str | np.dtype[Any],
        shape: tuple[int, ...],
        grows: bool,
        chunk: tuple[int, ...],
        filters: tuple[tuple[int, tuple[int, ...]], ...],
    ) -> None:
        kind = np.dtype(dtype)
        how = _timeless()
        how.set_chunk(chunk)
        for filter_, options in filters:
            how.set_filter(filter_, h5z.FLAG_OPTIONAL, options)  # what can't be made smaller is kept as it is
        if kind.kind == "f" or not grows:
            how.set_fill_value(np.array(np.nan, dtype=kind))  # what is not there must not look like a value
        space = h5s.create_simple(shape, (h5s.UNLIMITED, *shape[1:]) if grows else shape)
        self._keep(owner, name, h5d.create(self.objects[owner], encoded(name), type_of(kind), space, how))

    def packed(self, owner: int, name: str, size: int, level: int, content: bytes) -> None:
        how = _timeless()
        how.set_chunk((1,))
        how.set_deflate(level)
        kind = type_of(np.dtype(f"S{size}"))
        made = h5d.create(self.objects[owner], encoded(name), kind, h5s.create_simple((1,)), how)
        made.write_direct_chunk((0,), content)
        self._keep(owner, name, made)

    def link(self, owner: int, name: str, target: int) -> None:
        h5o.link(self.objects[target], self.objects[owner], encoded(name))

    def external(self, owner: int, name: str, file: str, path: str) -> None:
        self.objects[owner].links.create_external(encoded(name), encoded(file), encoded(path))


def _timeless() -> h5p.PropDCID:
    """Datasets that do not say when they were made: two files of the same sketch are the same, byte for byte."""
    how = h5p.create(h5p.DATASET_CREATE)
    how.set_obj_track_times(False)
    return how


_HOW: dict[str, Callable[..., None]] = {
    kind: getattr(_Drawing, kind)
    for kind in ("group", "attribute", "target", "value", "chunked", "packed", "link", "external")
}
