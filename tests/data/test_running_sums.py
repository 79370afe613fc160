"""Checksums that are taken while a file is written are those of what is in it."""

import gc

import numpy as np
import pytest
from h5py import h5f
from scan_zoo import Zoo

from obtura.data.checksums import sums_of
from obtura.data.columns import Column
from obtura.data.drawing import image_of
from obtura.data.place import set_number, set_text
from obtura.data.scan_file import ScanFile
from obtura.data.sketch import Node, Sketch
from obtura.data.stencil import Stencil
from obtura.data.tree import column, number, text

ROWS = 8
KINDS = {"floats": float, "ints": np.int32, "bools": bool, "texts": "S5", "complex": complex, "bytes": "V3"}


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("blocks", [[1], [ROWS], [3, 7, 1], [20, 4], [1] * 17])
@pytest.mark.parametrize("shape", [(), (2, 3)])
def test_the_sums_of_a_column_are_those_of_its_chunks(name, blocks, shape):
    dtype = np.dtype(KINDS[name])
    sketch = Sketch(1)
    place = column(sketch.root, "data", dtype, shape, rows=ROWS).place()
    file = h5f.open_file_image(image_of(sketch, 1)[0], h5f.ACC_RDWR)
    sketch.attach(file)
    one = Column("data", place, dtype, shape)
    for count in blocks:
        one.take(np.full((count, *shape), 7).astype(dtype) if dtype.kind != "V" else np.zeros((count, *shape), dtype))
        one.write(one.received)
    assert tuple(place.sums.values) == sums_of(file)["data"].chunks
    assert len(place.sums.values) == -(-sum(blocks) // ROWS)


@pytest.mark.parametrize("kind", [np.longdouble, np.clongdouble])
def test_of_what_has_bytes_beside_its_value_no_sum_is_taken(kind):
    """HDF5 need not write them as they are in memory."""
    sketch = Sketch(1)
    place = column(sketch.root, "data", np.dtype(kind), (), rows=ROWS).place()
    place.appended(np.zeros(3, kind))
    assert place.sums is None


def test_a_stencil_reads_nothing_that_was_summed():
    """The root that it would have to read is none."""
    sketch = Sketch(2)
    words, value = text(sketch.root, "words", "", 20).place(), number(sketch.root, "value", 1.5).place()
    frames = column(sketch.root, "frames", np.dtype(np.uint16), (4, 4), rows=1).place()
    never = column(sketch.root, "never", np.dtype(float)).place()
    made = Stencil(sketch)
    file = h5f.open_file_image(made.image(sketch), h5f.ACC_RDWR)
    sketch.attach(file)
    set_text(words, "so it ended")
    set_number(value, 2.5)
    frames.dataset.set_extent((2, 4, 4))
    for index in range(2):
        frame = np.full((4, 4), index, np.uint16)
        frames.dataset.write_direct_chunk((index, 0, 0), frame)
        frames.added(sums_of(file)["frames"].chunks[index])
    expected = sums_of(file)
    sketch.let_go()
    assert made.sums(sketch, None) == expected
    assert not never.is_used


def parts_of_files():
    return [each for each in gc.get_objects() if isinstance(each, Node | ScanFile)]


def test_a_scan_that_is_kept_keeps_nothing_of_its_file(tmp_path):
    """A session keeps the last ones; rubbish is not collected before a look."""
    zoo = Zoo(tmp_path)
    gc.collect()
    before = parts_of_files()
    gc.disable()
    try:
        zoo.loopscan()
        alive = [each for each in parts_of_files() if not any(each is one for one in before)]
    finally:
        gc.enable()
        zoo.close()
    assert not alive
