"""The index beside the scans' files: a shortcut for lists, never a source of wrong ones."""

from pathlib import Path

import h5py
import pytest
from scan_stream import began, channel, ended, record, rows, saving_in, say, timer

from obtura.cli.recover import recover
from obtura.data.contents import list_entries
from obtura.data.index import lines_of
from obtura.data.layout import index_file, scan_file
from obtura.data.saver import HDF5Saver
from obtura.ground.events import Points


@pytest.fixture
def master(tmp_path):
    """Three scans: with points, of two branches and with a device that fell behind, without points."""
    saving = saving_in(tmp_path)
    record(HDF5Saver(saving), began(number=1, title="ct 'µ' \n 2"), *rows(0, [0.0, 1.0], [4.0, 5.0]))
    branches = began(timer(), channel("s:d"), timer(1), number=2, branches=("timer", "other"))
    record(HDF5Saver(saving), branches, *rows(0, [0.0, 1.0, 2.0], [1.0]), Points(2, 0, [0.5]), end=ended("FAILURE"))
    record(HDF5Saver(saving), began(number=3), end=ended("USER_ABORT"))
    return Path(saving.filename)


def from_the_files(master):
    """The list without an index."""
    lines = index_file(master).read_bytes()
    index_file(master).unlink()
    entries = list_entries(master)
    index_file(master).write_bytes(lines)
    return entries


def opened_files(monkeypatch, master):
    """The files that a list opens."""
    opened = []
    original = h5py.File

    def counting(path, *args, **options):
        opened.append(Path(path).name)
        return original(path, *args, **options)

    monkeypatch.setattr(h5py, "File", counting)
    entries = list_entries(master)
    monkeypatch.setattr(h5py, "File", original)
    return entries, opened


def test_finished_scans_are_listed_from_the_index_as_from_their_files(master, monkeypatch):
    entries, opened = opened_files(monkeypatch, master)
    assert opened == ["data.h5"]
    assert entries == from_the_files(master)
    assert [(one.name, one.points) for one in entries] == [("1.1", 2), ("2.1", 1), ("2.2", 1), ("3.1", 0)]


def test_a_scan_that_is_running_is_read_from_its_file(master, tmp_path, monkeypatch):
    saver = HDF5Saver(saving_in(tmp_path))
    saver.open(began(number=4), say)
    try:
        saver.receive([*rows(0, [0.0], [4.0])])
        entries, opened = opened_files(monkeypatch, master)
    finally:
        saver.close()
    assert opened == ["data.h5", "scan0004.h5"]
    assert (entries[-1].state, entries[-1].points) == ("running", 1)


def test_a_file_of_another_size_is_read_again(master, monkeypatch):
    with h5py.File(scan_file(master, 1), "r+") as file:
        file["1.1/more"] = list(range(10_000))
    entries, opened = opened_files(monkeypatch, master)
    assert opened == ["data.h5", "scan0001.h5"]
    assert entries[0].state == "finished"


def test_a_file_that_is_gone_is_missing_whatever_the_index_says(master):
    scan_file(master, 2).unlink()
    assert [entry.state for entry in list_entries(master)] == ["finished", "missing", "missing", "finished"]


def test_a_scan_of_a_number_used_before_is_not_taken_for_that(master, tmp_path):
    assert "1.1" in lines_of(master)
    master.unlink()
    for number in (1, 2, 3):
        scan_file(master, number).unlink()
    saver = HDF5Saver(saving_in(tmp_path))
    saver.open(began(number=1, title="ct 'µ' \n 2"), say)
    try:
        assert "1.1" not in lines_of(master)
    finally:
        saver.close()


@pytest.mark.parametrize("damage", [b"", b"\0" * 50, b'["1.1",5', b'["1.1",1,2,3,4,5,6]\n{}\n7\n', b"\xff\n"])
def test_a_torn_index_is_used_as_far_as_it_goes(master, tmp_path, damage):
    expected = from_the_files(master)
    with index_file(master).open("ab") as file:
        file.write(damage)
    assert list_entries(master) == expected
    record(HDF5Saver(saving_in(tmp_path)), began(number=4), *rows(0, [0.0], [4.0]))
    assert list_entries(master) == from_the_files(master)
    assert len(list_entries(master)) == 5


def test_an_index_that_cannot_be_written_fails_no_scan(master, tmp_path, caplog):
    index_file(master).unlink()
    index_file(master).mkdir()
    record(HDF5Saver(saving_in(tmp_path)), began(number=4), *rows(0, [0.0], [4.0]))
    assert list_entries(master)[-1].points == 1
    assert "listing its scans takes longer" in caplog.text


def test_recover_makes_an_index_for_a_master_that_has_none(master, monkeypatch, capsys):
    expected = from_the_files(master)
    index_file(master).unlink()
    assert recover([master.parent]) == 0
    assert capsys.readouterr().out == f"{index_file(master)}: 4 entries noted, lists are quick now\n"
    assert opened_files(monkeypatch, master) == (expected, ["data.h5"])
    assert recover([master]) == 0
    assert capsys.readouterr().out == "nothing to recover\n"


def test_a_damaged_master_is_said_by_recover(master, capsys):
    master.write_bytes(b"nothing")
    assert recover([master]) == 1
    assert capsys.readouterr().out.startswith(f"!!! {master} is no HDF5 file")
