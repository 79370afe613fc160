"""A scan's file made with a stencil is, byte for byte, the one that HDF5 makes."""

from copy import copy

import numpy as np
import pytest
from scan_zoo import Zoo

from obtura.data import growing, stencil
from obtura.data.contents import list_entries
from obtura.data.drawing import image_of
from obtura.data.layout import index_file
from obtura.data.sketch import Sketch
from obtura.data.stencil import Stencil, stencil_of
from obtura.data.tree import attribute, column, entry_of, group, link, number, say_default, say_where, text
from obtura.data.verify import verifying

KINDS = [
    "loopscan",
    "a2scan",
    "backnforth",
    "spectrum",
    "camera_mesh",
    "two_top_masters",
    "aborted",
    "with_everything_said",
]


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_made_with_a_stencil_is_the_one_that_hdf5_makes(tmp_path, monkeypatch, kind):
    """The first scan's sketch gives the stencil of the second; its checksums are right at the end, too."""
    sketches: list[Sketch] = []

    def made_with(sketch):
        sketches.append(copy(sketch))  # the file itself lets go of its nodes when it is closed
        made = Stencil(next(each for each in sketches if each.steps == sketch.steps))
        assert made.image(sketch) == image_of(sketch, sketch.number)[0]
        return made

    monkeypatch.setattr(growing, "stencil_of", made_with)
    zoo = Zoo(tmp_path)
    getattr(zoo, kind)()
    getattr(zoo, kind)()
    master = zoo.master
    zoo.close()
    assert len(sketches) >= 2
    assert not verifying(master).is_damaged
    listed = list_entries(master)
    index_file(master).unlink()
    assert listed == list_entries(master)


def sketched(scan, title="a title", unit="mm", digit="1"):
    """A file with a text that looks like the number of a scan, and is not."""
    sketch = Sketch(scan)
    say_default(sketch.root, 0)
    entry = entry_of(sketch.root, 0)
    attribute(entry, "remark", f"as in /{digit}.1/title")
    words = text(entry, "title", title, 64)
    say_where(words)
    number(entry, "position", 1.5 * scan, unit)
    link(group(entry, "measurement", "NXcollection"), "title", words)
    column(entry, "data", np.dtype(float))
    return sketch


@pytest.mark.parametrize("scan", [3, 47, 999, 12345])
@pytest.mark.parametrize("digit", ["1", "2", "3"])
def test_only_the_number_of_the_scan_is_another_one(scan, digit):
    made = Stencil(sketched(scan, digit=digit))
    another = sketched(scan - 1, "another title", digit=digit)
    assert made.image(another) == image_of(another, scan - 1)[0]


def test_a_structure_that_comes_once_gets_no_stencil():
    assert stencil_of(sketched(1, unit="once")) is None
    second = stencil_of(sketched(1, unit="once"))
    assert second is not None
    assert stencil_of(sketched(2, "another title", unit="once")) is second
    assert stencil_of(sketched(10, unit="once")) is None


def test_what_hdf5_makes_and_nobody_understands_is_made_by_hdf5_each_time(monkeypatch, caplog):
    monkeypatch.setattr(stencil, "checksum", lambda data: 0)
    for _ in range(3):
        assert stencil_of(sketched(1, unit="another HDF5")) is None
    assert len(caplog.records) == 1
    assert "HDF5 itself makes each file" in caplog.text
