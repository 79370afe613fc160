"""Scans of one directory have different numbers, whichever file they go into and whoever makes them."""

import fcntl
from pathlib import Path

import pytest
from processes import line_of, python
from scan_stream import began, record, saving_in

import obtura
from obtura.data import numbering
from obtura.data.layout import numbers_file
from obtura.data.saver import HDF5Saver
from obtura.ground.errors import SavingError


def test_scans_of_all_files_count_where_nothing_is_known_of_numbers(tmp_path):
    saving = saving_in(tmp_path)
    for name, number in (("one", 7), ("two", 30), ("three", 4)):
        saving.data_filename = name
        record(HDF5Saver(saving), began(number=number))
    numbers_file(Path(saving.root_path)).unlink(missing_ok=True)
    assert saving.next_number() == 31


def test_numbers_go_on_where_nothing_can_be_noted(tmp_path):
    saving = saving_in(tmp_path)
    (tmp_path / "demo" / ".scan_numbers").mkdir(parents=True)
    assert [saving.next_number() for _ in range(3)] == [1, 2, 3]


def test_a_directory_whose_numbers_somebody_keeps_locked_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(numbering, "PATIENCE", 0.05)
    saving = saving_in(tmp_path)
    assert saving.next_number() == 1
    with numbers_file(Path(saving.root_path)).open("r+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(SavingError, match=r"\.scan_numbers is locked by another process"):
            saving.next_number()


def told_at_once(*processes):
    """The numbers that each has had, all of which begin at the same moment."""
    for each in processes:
        assert line_of(each) == "ready"
    for each in processes:
        each.stdin.write("go\n")
        each.stdin.flush()
    return [[int(number) for number in line_of(each).split()] for each in processes]


TAKING = """
import sys
from obtura.data.saving import ScanSaving
saving = ScanSaving("demo", "seb", sys.argv[1])
saving.data_filename = sys.argv[2]
print("ready", flush=True)
sys.stdin.readline()
print(*[saving.next_number() for _ in range(200)], flush=True)
"""


def test_two_processes_that_take_numbers_at_once_get_different_ones(tmp_path):
    with python(TAKING, tmp_path, "one") as one, python(TAKING, tmp_path, "two") as two:
        numbers = told_at_once(one, two)
    assert sorted(numbers[0] + numbers[1]) == list(range(1, 401))


SCANNING = """
import sys
from obtura.data.saving import ScanSaving
from obtura.devices.soft import SoftCounter
from obtura.ground.errors import SavingError
from obtura.session.session import Session
saving = ScanSaving("demo", "seb", sys.argv[1])
saving.data_filename = sys.argv[2]
session = Session("demo", {}, saving, display=False)
counter = SoftCounter(value=lambda: 1.0, name="c", mode="SINGLE")
print("ready", flush=True)
sys.stdin.readline()
numbers = []
while len(numbers) < 8:
    try:
        numbers.append(session.loopscan(3, 0, counter).scan_number)
    except SavingError as error:
        assert "is being written by" in str(error), error
print(*numbers, flush=True)
"""


@pytest.mark.parametrize("names", [("one", "two"), ("data", "data")])
def test_two_sessions_that_scan_into_one_directory_at_once_have_different_numbers(tmp_path, names):
    with python(SCANNING, tmp_path, names[0]) as one, python(SCANNING, tmp_path, names[1]) as two:
        numbers = told_at_once(one, two)
    assert len({*numbers[0], *numbers[1]}) == 16
    for name, own in zip(names, numbers, strict=True):
        saved = obtura.open(tmp_path / "demo" / f"{name}.h5")
        assert {scan.number for scan in saved if scan.end_reason == "SUCCESS"} >= set(own)
