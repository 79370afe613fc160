"""The master file: links, and nothing that was there is ever lost."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import h5py
import pytest
from processes import line_of, outcome, python
from scan_stream import began, record, rows, saving_in, say, timer

from obtura.data.layout import scan_file
from obtura.data.master import add_links, entry_names
from obtura.data.saver import HDF5Saver
from obtura.ground.errors import SavingError

TWO = ("timer", "other")


@pytest.fixture
def saving(tmp_path):
    return saving_in(tmp_path)


@pytest.fixture
def master(saving):
    path = Path(saving.filename)
    path.parent.mkdir()
    return path


def test_each_entry_is_a_relative_link_to_the_entry_of_the_scans_own_file(saving):
    record(HDF5Saver(saving), began())
    record(HDF5Saver(saving), began(timer(), timer(branch=1), branches=TWO, number=13))
    with h5py.File(saving.filename) as file:
        assert list(file) == ["12.1", "13.1", "13.2"]
        links = [file.get(name, getlink=True) for name in file]
        assert [(link.filename, link.path) for link in links] == [
            ("data/scan0012.h5", "/12.1"),
            ("data/scan0013.h5", "/13.1"),
            ("data/scan0013.h5", "/13.2"),
        ]
        assert file["13.2"].attrs["NX_class"] == "NXentry"


def test_the_root_says_what_it_is_and_leads_to_the_newest_entry(saving):
    for number in (9, 10):
        record(HDF5Saver(saving), began(number=number))
    with h5py.File(saving.filename) as file:
        attributes = dict(file.attrs)
    assert attributes.pop("creator_version")
    assert attributes.pop("file_time")
    assert attributes.pop("default").decode() == "10.1"
    assert attributes == {"NX_class": "NXroot", "creator": "obtura", "file_name": "data.h5"}


def test_master_and_scans_move_together(saving, tmp_path):
    record(HDF5Saver(saving), began(), *rows(0, [0.0], [4.0]))
    moved = tmp_path / "elsewhere"
    Path(saving.root_path).rename(moved)
    with h5py.File(moved / "data.h5") as file:
        assert file["12.1/measurement/diode"][:].tolist() == [4.0]


def test_the_entries_are_listed_oldest_first(saving):
    for number in (9, 10, 8, 100):
        record(HDF5Saver(saving), began(number=number))
    assert entry_names(Path(saving.filename)) == ["9.1", "10.1", "8.1", "100.1"]


@pytest.mark.parametrize("content", [b"", b"no HDF5", b"\x89HDF\r\n\x1a\n" + bytes(500)])
def test_a_damaged_master_stops_the_scan_and_is_left_alone(saving, master, content):
    master.write_bytes(content)
    saver = HDF5Saver(saving)
    with pytest.raises(SavingError, match=f"{master} can't be read as HDF5.*SCAN_SAVING.data_filename"):
        saver.open(began(), say)
    saver.close()
    assert master.read_bytes() == content
    assert [path.name for path in master.parent.rglob("*") if path.is_file()] == ["data.h5"]


def test_a_file_of_somebody_else_stops_the_scan_and_is_left_alone(saving, master):
    with h5py.File(master, "w") as file:
        file["1.1/data"] = [1, 2, 3]
    content = master.read_bytes()
    saver = HDF5Saver(saving)
    with pytest.raises(SavingError, match="was not made by obtura"):
        saver.open(began(), say)
    saver.close()
    assert master.read_bytes() == content
    assert [path.name for path in master.parent.rglob("*") if path.is_file()] == ["data.h5"]


def test_a_large_file_of_somebody_else_is_not_even_read(master):
    with master.open("wb") as file:
        file.truncate(10**12)
    with pytest.raises(SavingError, match="was not made by obtura"):
        entry_names(master)


def test_an_entry_is_never_replaced(saving):
    record(HDF5Saver(saving), began())
    master = Path(saving.filename)
    content = master.read_bytes()
    with pytest.raises(SavingError, match=r"has an entry 12\.1 already"):
        add_links(master, {"12.1": scan_file(master, 99)})
    assert master.read_bytes() == content


def test_scans_of_several_threads_lose_no_link(master):
    def add(thread):
        for number in range(thread * 100, thread * 100 + 20):
            add_links(master, {f"{number}.1": scan_file(master, number)})

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(add, range(4)))
    assert len(entry_names(master)) == 80


def test_what_a_kill_left_half_written_is_not_in_the_way(saving, master):
    (master.parent / ".data.h5.new").write_bytes(b"half")
    record(HDF5Saver(saving), began())
    assert entry_names(master) == ["12.1"]
    assert sorted(os.listdir(master.parent)) == ["data", "data.h5"]


def test_the_masters_permissions_are_kept(saving):
    record(HDF5Saver(saving), began())
    os.chmod(saving.filename, 0o640)
    record(HDF5Saver(saving), began(number=13))
    assert Path(saving.filename).stat().st_mode & 0o777 == 0o640


def test_a_master_of_many_scans_stays_small(master):
    for number in range(1, 201):
        add_links(master, {f"{number}.1": scan_file(master, number)})
    assert master.stat().st_size < 200 * 210
    assert len(entry_names(master)) == 200


VIEWER = """
import sys, h5py
held = [h5py.File(name, "r") for name in sys.argv[1:]]
print("held")
sys.stdin.readline()
print(*[name for file in held for name in file])
sys.stdin.readline()
"""


def test_a_plain_viewer_that_holds_master_and_old_scans_blocks_nothing(saving):
    record(HDF5Saver(saving), began(), *rows(0, [0.0], [4.0]))
    master = Path(saving.filename)
    with python(VIEWER, master, scan_file(master, 12)) as viewer:
        assert line_of(viewer) == "held"
        record(HDF5Saver(saving), began(number=13), *rows(0, [0.0], [5.0]))
        viewer.stdin.write("\n")
        viewer.stdin.flush()
        assert line_of(viewer) == "12.1 12.1 checksums", "it keeps what it had"
    with h5py.File(master) as file:
        assert [file[f"{name}/measurement/diode"][0] for name in file] == [4.0, 5.0]


@pytest.mark.parametrize("locking", [None, False, True])
def test_a_viewer_in_the_same_process_blocks_nothing(saving, locking):
    record(HDF5Saver(saving), began())
    with h5py.File(saving.filename, "r", locking=locking) as held:
        record(HDF5Saver(saving), began(number=13))
        assert list(held) == ["12.1"]
    assert entry_names(Path(saving.filename)) == ["12.1", "13.1"]


def test_a_link_that_could_not_be_written_is_not_in_the_master_later(master, monkeypatch):
    add_links(master, {"1.1": scan_file(master, 1)})
    with monkeypatch.context() as full:
        full.setattr(os, "replace", _no_space)
        with pytest.raises(SavingError, match="No space left"):
            add_links(master, {"2.1": scan_file(master, 2)})
    add_links(master, {"3.1": scan_file(master, 3)})
    with h5py.File(master) as file:
        assert list(file) == entry_names(master) == ["1.1", "3.1"]


def test_links_of_another_writer_are_kept(master):
    add_links(master, {"1.1": scan_file(master, 1)})
    code, _, errors = outcome(LINKING, master)
    assert code == 0, errors
    add_links(master, {"3.1": scan_file(master, 3)})
    with h5py.File(master) as file:
        assert list(file) == ["1.1", "2.1", "3.1"]


def _no_space(*_):
    raise OSError(28, "No space left on device")


LINKING = """
import sys
from pathlib import Path
from obtura.data.layout import scan_file
from obtura.data.master import add_links
master = Path(sys.argv[1])
add_links(master, {"2.1": scan_file(master, 2)})
"""
