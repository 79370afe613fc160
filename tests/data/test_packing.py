"""A master and all it links to in one file, and back."""

import errno
import os
import shutil
from pathlib import Path

import h5py
import numpy as np
import pytest
from frame_stream import points_of, record_frames
from scan_stream import axis, began, channel, ended, hook, record, rows, saving_in, say, timer

from obtura.data import new_file
from obtura.data.layout import scan_file
from obtura.data.packing import pack, unpack
from obtura.data.reader import showing
from obtura.data.saver import HDF5Saver
from obtura.data.verify import verifying
from obtura.ground.errors import SavingError, UsageError
from obtura.ground.events import Points, SubScan


@pytest.fixture
def saving(tmp_path):
    return saving_in(tmp_path)


@pytest.fixture
def scans(saving):
    """A scan with frames, one with two top-masters, and a sequence of both; the master's path."""
    record_frames(saving, *rows(0, [0.0, 0.1]), *points_of(1, 2), number=1)
    two = began(timer(), channel("d:diode"), timer(1), channel("e:ring", branch=1), number=2, branches=("a", "b"))
    record(HDF5Saver(saving), two, *rows(0, [0.0, 0.1], [1.0, 2.0], [0.0], [5.0]), hook("Shutter", "start", 1.0, 0.5))
    sub = [SubScan(number, "scan", str(saving.filename), (f"{number}.1",)) for number in (1, 2)]
    record(HDF5Saver(saving), began(axis("roby"), number=3, title="sequence"), *sub, end=ended(roby=2.0))
    return Path(saving.filename)


def all_of(path, link_texts=True):
    """All in a file and in those it links to: values with their types, attributes, which links are one object."""
    found, objects = {}, {}

    def look(name, one):
        key = (os.path.basename(one.file.filename), h5py.h5o.get_info(one.id).addr)
        first = objects.setdefault(key, name)
        attributes = {
            each.name: (each.get_type().encode(), each.shape, repr(one.attrs[each.name]))
            for each in (h5py.h5a.open(one.id, index=index) for index in range(h5py.h5a.get_num_attrs(one.id)))
        }
        value = (str(one.dtype), one.chunks, one.maxshape, one[()].tobytes()) if isinstance(one, h5py.Dataset) else None
        found[name] = first, attributes, value
        if isinstance(one, h5py.Group) and first == name:
            for each in sorted(set(one) - {"packed", "checksums"}):
                link = one.get(each, getlink=True)
                if link_texts and isinstance(link, h5py.ExternalLink):
                    found[f"{name}/{each} link"] = link.filename, link.path
                look(f"{name}/{each}", one[each])

    with h5py.File(path) as file:
        look("", file)
    return found


def test_unpacking_gives_the_same_files_again(scans, tmp_path):
    packed = pack(scans)
    assert (packed.path, packed.entries, packed.left_out) == (scans.with_name("data.packed.h5"), 4, ())
    before = {
        path.relative_to(scans.parent): all_of(path) for path in scans.parent.rglob("*.h5") if path != packed.path
    }
    assert len(before) == 5
    again = unpack(packed.path, tmp_path / "again")
    assert again == tmp_path / "again" / "data.h5"
    after = {path.relative_to(again.parent): all_of(path) for path in again.parent.rglob("*.h5")}
    assert after == before
    assert verifying(again) == ("3 scans: 3 good", False)


def test_a_packed_file_alone_reads_as_the_master_did(scans, tmp_path):
    before = all_of(scans, link_texts=False)
    alone = shutil.copy(pack(scans).path, tmp_path / "alone.h5")
    shown, own = showing(scans, 2), scan_file(scans, 2)
    for path in (scans.with_suffix(""), scans):
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    with h5py.File(alone) as file:
        assert file.attrs["default"] == b"3.1" and file["1.1"].attrs["default"] == "plot"
        assert file["2.1/hooks"] == file["2.2/hooks"], "one object still"
        assert file["3.1/scans/2.1"] == file["2.1"]
        assert np.array_equal(file["1.1/measurement/camera"], file["1.1/plot_camera/camera"])
    after = all_of(alone, link_texts=False)
    values = {name: each[1:] for name, each in before.items() if "/scans/" not in name}
    assert {name: each[1:] for name, each in after.items() if name in values} == values
    assert verifying(alone) == ("3 scans: 3 good", False)
    assert showing(alone, 2).replace(str(alone), str(own)) == shown
    assert "frames" in showing(alone, 1) and "gone" not in showing(alone, 1)


def test_a_flipped_bit_in_a_packed_file_is_found(scans):
    packed = pack(scans).path
    with h5py.File(packed) as file:
        at = file["1.1/measurement/camera"].id.get_chunk_info(1).byte_offset
    with packed.open("r+b") as file:
        file.seek(at)
        file.write(b"\xff")
    found = verifying(packed)
    assert found.is_damaged and "camera.h5: 1.1/instrument/camera/data, chunk 1 (point 1)" in found.text


def test_so_is_one_in_a_scans_own_file_that_was_packed(scans):
    packed = pack(scan_file(scans, 1)).path
    assert verifying(packed) == ("1 scan: 1 good", False)
    with h5py.File(packed) as file:
        at = file["1.1/measurement/elapsed_time"].id.get_chunk_info(0).byte_offset
    with packed.open("r+b") as file:
        file.seek(at)
        file.write(b"\xff")
    assert "scan0001.h5: 1.1/instrument/elapsed_time/data, chunk 0" in verifying(packed).text


def test_compressed_chunks_are_copied_as_they_are(scans):
    own = scan_file(scans, 2)
    with h5py.File(own, "r+") as file:
        made = file["2.1"].create_dataset("spectra", (4, 100), "f8", chunks=(1, 100), compression="gzip")
        made[:] = np.arange(400).reshape(4, 100)
        stored = [made.id.read_direct_chunk((row, 0)) for row in range(4)]
    with h5py.File(pack(scans).path) as file:
        copied = file["2.1/spectra"]
        assert copied.compression == "gzip"
        assert [copied.id.read_direct_chunk((row, 0)) for row in range(4)] == stored


def test_frames_on_another_disk_come_along(saving, tmp_path):
    saving.images_path_relative = False
    saving.images_path_template = f"{tmp_path}/fast/scan{{scan_number}}"
    record_frames(saving, *rows(0, [0.0]), *points_of(1, 1), number=1)
    packed = pack(saving.filename).path
    shutil.rmtree(tmp_path / "fast")
    again = unpack(packed, tmp_path / "again")
    with h5py.File(again) as file:
        link = file["1.1/measurement"].get("camera", getlink=True)
        assert link.filename == f"../elsewhere{tmp_path}/fast/scan0001/camera.h5"
        assert file["1.1/measurement/camera"].shape == (1, 3, 5)


def test_nothing_is_overwritten(scans, tmp_path):
    packed = pack(scans).path
    size = packed.stat().st_size
    with pytest.raises(SavingError, match="exists already, nothing was overwritten"):
        pack(scans)
    (tmp_path / "there").mkdir()
    with pytest.raises(SavingError, match="exists already, nothing was overwritten"):
        unpack(packed, tmp_path / "there")
    assert packed.stat().st_size == size and not list((tmp_path / "there").iterdir())


def test_scans_that_are_not_finished_are_left_out_and_told(scans, saving):
    saver = HDF5Saver(saving)
    saver.open(began(number=4), say)
    saver.receive([Points(0, 0, (0.0,))])
    packed = pack(scans)
    assert packed.left_out == ("4.1: it is running",)
    with h5py.File(packed.path) as file:
        assert list(file) == ["1.1", "2.1", "2.2", "3.1", "packed"]
        assert "4.1" not in file["packed/0"]
    with pytest.raises(UsageError, match="can't be packed: it is running"):
        pack(scan_file(scans, 4))
    saver.close()


def test_a_scan_whose_files_are_gone_is_told(scans):
    scan_file(scans, 2).unlink()
    (scan_file(scans, 1).with_suffix("") / "camera.h5").unlink()
    packed = pack(scans)
    told = "\n".join(packed.left_out)
    assert "2.1: its file is gone" in told and "measurement/camera leads to scan0001/camera.h5" in told
    assert unpack(packed.path).name == "data.h5"


def names(directory):
    return sorted(os.listdir(directory))


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), KeyboardInterrupt()])
def test_whenever_writing_fails_nothing_is_left_and_the_next_time_is_good(scans, monkeypatch, error):
    before, calls, limit = names(scans.parent), 0, 0
    write = new_file.NewFile._write

    def failing(self, data):
        nonlocal calls
        calls += 1
        if calls == limit:
            raise error
        return write(self, data)

    monkeypatch.setattr(new_file.NewFile, "_write", failing)
    failures = 0
    while True:
        calls, limit = 0, limit + 1 + limit // 4
        try:
            packed = pack(scans)
        except (SavingError, KeyboardInterrupt) as raised:
            failures += 1
            assert isinstance(raised, KeyboardInterrupt) or "No space left on device" in str(raised)
            assert isinstance(raised, KeyboardInterrupt) == isinstance(error, KeyboardInterrupt)
            assert names(scans.parent) == before
        else:
            break
    assert failures > 5
    assert verifying(packed.path) == ("3 scans: 3 good", False)


def test_what_was_not_packed_or_names_files_elsewhere_is_refused(scans, tmp_path):
    with pytest.raises(UsageError, match="was not packed"):
        unpack(scans)
    packed = pack(scans).path
    with pytest.raises(UsageError, match="is packed already"):
        pack(packed)
    with h5py.File(packed, "r+") as file:
        file["packed/files"][1] = "../outside.h5"
    with pytest.raises(UsageError, match=r"it holds a file named '../outside.h5'"):
        unpack(packed, tmp_path / "again")
    assert not (tmp_path / "again").exists()
