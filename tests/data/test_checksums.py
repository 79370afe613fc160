"""A flipped bit anywhere in the data is found."""

import gzip
import shutil
from pathlib import Path

import h5py
import numpy as np
import pytest
from frame_stream import camera, points_of, record_frames
from scan_stream import axis, began, channel, ended, hook, record, rows, saving_in

from obtura.data import apart
from obtura.data.apart import Apart
from obtura.data.checksums import sums_of
from obtura.data.layout import scan_file
from obtura.data.saver import HDF5Saver
from obtura.data.verify import verifying
from obtura.ground.errors import UsageError
from obtura.ground.events import Points, PresetInfo

HANGS = Path(__file__).with_name("hangs.h5.gz")
"""A scan's file with one flipped bit, which has HDF5 run in a circle; found by trying, kept since others differ."""


@pytest.fixture
def saving(tmp_path):
    return saving_in(tmp_path)


def master(saving):
    return Path(saving.filename)


def record_camera(saving, points=3, **scan):
    record_frames(saving, *rows(0, [0.1 * n for n in range(points)]), *points_of(1, points), **scan)


def flip(path, offset, mask=1):
    with path.open("r+b") as file:
        file.seek(offset)
        byte = file.read(1)[0]
        file.seek(offset)
        file.write(bytes([byte ^ mask]))


def test_files_that_are_as_they_were_written_are_good(saving):
    record_camera(saving)
    record(HDF5Saver(saving), began(number=13), *rows(0, [0.0, 0.1], [1.0, 2.0]))
    assert verifying(saving.filename) == ("2 scans: 2 good", False)
    assert verifying(saving.filename, 13) == ("1 scan: 1 good", False)
    assert verifying(scan_file(master(saving), 12)) == ("1 scan: 1 good", False)


def test_a_flipped_bit_is_named_with_its_dataset_and_its_chunk(saving):
    count = 3000
    blocks = Points(0, 0, np.arange(float(count))), Points(1, 0, np.arange(count) * 2.0)
    record(HDF5Saver(saving), began(number=1, npoints=count), *blocks)
    own = scan_file(master(saving), 1)
    with h5py.File(own) as file:
        chunk = file["1.1/instrument/diode/data"].id.get_chunk_info_by_coord((1024,))
    flip(own, chunk.byte_offset + 100)
    found = verifying(saving.filename)
    assert found.is_damaged
    assert found.text.splitlines() == [
        f"1.1: {own}: 1.1/instrument/diode/data, chunk 1 (points 1024 to 2047): differs from what was written",
        "1 scan: 1 damaged",
    ]


def test_a_flipped_bit_in_a_frame_is_named_with_the_frame(saving):
    record_camera(saving)
    own = scan_file(master(saving), 12).with_suffix("") / "camera.h5"
    with h5py.File(own) as file:
        chunk = file["12.1/instrument/camera/data"].id.get_chunk_info_by_coord((2, 0, 0))
    flip(own, chunk.byte_offset)
    assert f"{own}: 12.1/instrument/camera/data, chunk 2 (point 2): differs" in verifying(saving.filename).text


def test_a_unit_that_changed_is_found(saving):
    record(HDF5Saver(saving), began(axis("roby"), channel("d:diode"), number=1), *rows(0, [0.0, 0.1], [1.0, 2.0]))
    own = scan_file(master(saving), 1)
    flip(own, own.read_bytes().index(b"mm\0"))
    assert "its attributes or its links differ" in verifying(saving.filename).text


def test_a_file_of_before_says_that_it_has_no_checksums(saving):
    record(HDF5Saver(saving), began(number=1), *rows(0, [0.0, 0.1], [1.0, 2.0]))
    with h5py.File(scan_file(master(saving), 1), "r+") as file:
        del file["checksums"]
    found = verifying(saving.filename)
    assert "1.1: " in found.text and "no checksums" in found.text and "1 scan: 1 not checked" in found.text
    assert not found.is_damaged


def test_a_frame_file_that_is_gone_is_told(saving):
    record_camera(saving)
    (scan_file(master(saving), 12).with_suffix("") / "camera.h5").unlink()
    found = verifying(saving.filename)
    assert found.is_damaged and "camera.h5" in found.text


def test_chunks_that_were_never_written_have_a_sum_too(tmp_path):
    with h5py.File(tmp_path / "grid.h5", "w") as file:
        cells = file.create_dataset("cells", (20, 7), "f8", chunks=(10, 7), fillvalue=np.nan)
        file.flush()
        none = sums_of(file.id)["cells"]
        cells[0] = 1.0
        file.flush()
        one = sums_of(file.id)["cells"]
    assert none.failed is None and none.chunks == (0, 0)
    assert one.failed is None and one.chunks[0] != 0 and one.chunks[1] == 0


def content(path):
    """All that can be read in a scan's file, by path; None when it can't be read whole."""
    found = {}

    def look(name, each):
        attributes = sorted((key, repr(value)) for key, value in each.attrs.items())
        found[name] = attributes, sorted(each) if isinstance(each, h5py.Group) else each[()].tobytes()

    try:
        with h5py.File(path) as file:
            look("/", file)
            file.visititems(look)
    except Exception:
        return None
    found.pop("checksums", None)
    return {name: each for name, each in found.items() if not name.startswith("checksums/")}


@pytest.fixture
def small(saving):
    """The file of a scan that has a little of everything."""
    preset = PresetInfo("ShutterPreset", "chain", 0, {"shutter": "shutter"})
    beginning = began(axis("roby"), channel("d:diode"), camera(), number=1, presets=(preset,), sample="quartz")
    hooks = [hook("ShutterPreset", "start", 1.0, 0.5, 0, 0)]
    points = [*rows(0, [0.0, 0.1], [1.0, 2.0]), *points_of(2, 2)]
    record(HDF5Saver(saving), beginning, *points, *hooks, end=ended(roby=3.0))
    return scan_file(master(saving), 1)


def test_every_flip_that_changes_what_is_read_is_found(small, tmp_path):
    whole, size, told = content(small), small.stat().st_size, 0
    kept = shutil.copy(small, tmp_path / "kept.h5")
    random = np.random.default_rng(1)
    with Apart() as apart:
        for offset in random.integers(0, size, 300):
            flip(small, int(offset), 1 << int(random.integers(8)))
            try:
                found = verifying(small, None, apart.ask).is_damaged
            except UsageError:
                found = True
            if not found:
                assert content(small) == whole, offset
            told += found
            shutil.copy(kept, small)
    assert told > 100


def test_a_file_on_which_hdf5_hangs_is_named_and_the_others_are_checked(saving, monkeypatch):
    record(HDF5Saver(saving), began(number=1), *rows(0, [0.0, 0.1], [1.0, 2.0]))
    record(HDF5Saver(saving), began(number=2), *rows(0, [0.0, 0.1], [1.0, 2.0]))
    own = scan_file(master(saving), 1)
    own.write_bytes(gzip.decompress(HANGS.read_bytes()))
    monkeypatch.setattr(apart, "PATIENCE", 0.5)
    with Apart() as other:
        found = verifying(saving.filename, None, other.ask)
    assert found.is_damaged
    assert found.text.splitlines() == [
        f"1.1: {own}: HDF5 does not come back from reading it",
        "2 scans: 1 good, 1 damaged",
    ]
