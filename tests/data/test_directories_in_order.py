"""Who knows that a directory is in order need not look through it; whatever comes into it is found all the same."""

import shutil
from pathlib import Path

from scan_stream import began, record, rows, saving_in

from obtura.data.layout import left_behind, scan_directory, scan_file
from obtura.data.library import open as opened
from obtura.data.order import is_in_order, note_order
from obtura.data.saver import HDF5Saver


def test_a_directory_is_in_order_until_something_comes_or_goes(tmp_path):
    assert not is_in_order(tmp_path)
    note_order(tmp_path)
    assert is_in_order(tmp_path)
    (tmp_path / "scan0001.journal").touch()
    assert not is_in_order(tmp_path)


def test_a_directory_that_is_gone_is_none_that_is_in_order(tmp_path):
    note_order(tmp_path / "data")
    (tmp_path / "data").mkdir()
    assert not is_in_order(tmp_path / "data")


def test_after_a_scan_its_directory_is_in_order(tmp_path):
    saving = saving_in(tmp_path)
    record(HDF5Saver(saving), began(), *rows(0, [0.0], [4.0]))
    assert is_in_order(scan_directory(Path(saving.filename)))


def test_a_scan_that_left_its_journal_leaves_no_order(tmp_path):
    saving = saving_in(tmp_path)
    saver = HDF5Saver(saving)
    saver.open(began(), lambda stream, text: None)
    saver.close()
    record(HDF5Saver(saving), began(number=13))
    crashed = HDF5Saver(saving)
    crashed.open(began(number=14), lambda stream, text: None)
    home = scan_directory(Path(saving.filename))
    assert not is_in_order(home)
    crashed.close()


def test_what_a_crash_leaves_between_two_scans_is_recovered_before_the_next(tmp_path):
    saving = saving_in(tmp_path)
    master = Path(saving.filename)
    crashed = HDF5Saver(saving)
    crashed.open(began(number=12), lambda stream, text: None)
    for event in rows(0, [0.0, 0.5], [4.0, 5.0]):
        crashed.witness(event)
    left = {path: path.read_bytes() for path in scan_directory(master).glob("scan0012.*")}
    crashed.close()
    shutil.rmtree(scan_directory(master))
    record(HDF5Saver(saving), began(number=13))
    assert is_in_order(scan_directory(master))
    for path, content in left.items():
        path.write_bytes(content)
    record(HDF5Saver(saving), began(number=14))
    assert left_behind(master) == ([], [])
    assert scan_file(master, 12).exists() and opened(master)[12].points == 2
