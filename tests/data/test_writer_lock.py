"""One writer at a time, across processes."""

import os
from pathlib import Path

import pytest
from processes import WITH_STREAM, ask, line_of, outcome, python
from scan_stream import began, record, saving_in, say

from obtura.data import lock
from obtura.data.layout import lock_file
from obtura.data.saver import HDF5Saver
from obtura.ground.errors import SavingError

HOLDING = """
import sys
from pathlib import Path
from obtura.data import lock
lock.take(Path(sys.argv[1]), 12)
print("held")
sys.stdin.readline()
lock.release(Path(sys.argv[1]), 12)
print("released")
sys.stdin.readline()
"""


@pytest.fixture
def master(tmp_path):
    return tmp_path / "data.h5"


def test_a_second_writer_is_refused_by_name(master):
    with python(HOLDING, master) as other:
        assert line_of(other) == "held"
        with pytest.raises(SavingError) as refused:
            lock.take(master, 1)
    host = os.uname().nodename
    assert f"{master} is being written by {lock.account()}@{host} (pid {other.pid}, scan 12)" in str(refused.value)
    assert "SCAN_SAVING.data_filename" in str(refused.value)


def test_a_refused_scan_leaves_no_file_of_its_own(tmp_path):
    saving = saving_in(tmp_path)
    Path(saving.root_path).mkdir()
    saver = HDF5Saver(saving)
    with python(HOLDING, saving.filename) as other:
        line_of(other)
        with pytest.raises(SavingError, match="is being written by"):
            saver.open(began(), say)
        saver.close()
        assert lock.holder(Path(saving.filename)).pid == other.pid
    assert os.listdir(saving.root_path) == ["data.h5.lock"]


def test_when_the_first_is_done_the_second_may_write_and_nothing_is_left(master):
    with python(HOLDING, master) as other:
        line_of(other)
        assert ask(other) == "released"
        assert not lock_file(master).exists()
        lock.take(master, 1)
        assert lock.holder(master).pid == os.getpid()
    lock.release(master, 1)
    assert not lock_file(master).exists()
    assert lock.holder(master) is None


def test_a_killed_writer_holds_up_nobody(master):
    with python(HOLDING, master) as other:
        line_of(other)
        other.kill()
        other.wait()
        assert lock_file(master).exists(), "what a kill leaves"
        assert lock.holder(master) is None
        lock.take(master, 1)
    lock.release(master, 1)


def test_a_lock_is_given_back_also_when_the_link_to_it_leads_elsewhere_meanwhile(tmp_path):
    link = tmp_path / "current"
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    link.symlink_to("a")
    saver = HDF5Saver(saving_in(link))
    saver.open(began(), say)
    assert list(tmp_path.rglob("a/**/*.h5.lock"))
    link.unlink()
    link.symlink_to("b")
    with pytest.raises(SavingError, match="could not be closed: No such file"):
        saver.close()
    assert not list(tmp_path.rglob("*.h5.lock"))


def test_a_scan_within_a_scan_of_the_same_process_may_write_too(master):
    lock.take(master, 12)
    lock.take(master, 13)
    assert lock.holder(master).scans == (12, 13)
    lock.release(master, 13)
    assert lock.holder(master).scans == (12,)
    lock.release(master, 12)
    assert lock.holder(master) is None


def test_releasing_what_was_not_taken_does_nothing(master):
    lock.release(master, 1)
    lock.take(master, 12)
    lock.release(master, 13)
    assert lock.holder(master).scans == (12,)
    lock.release(master, 12)
    lock.release(master, 12)
    assert os.listdir(master.parent) == []


def test_looking_at_the_lock_takes_it_from_nobody(master):
    lock.take(master, 12)
    for _ in range(3):
        assert lock.holder(master).scans == (12,)
    code, _, errors = outcome(HOLDING.partition("print")[0], master)
    lock.release(master, 12)
    assert code == 1 and "is being written by" in errors


def test_a_forked_child_does_not_keep_the_lock_of_a_killed_parent(master):
    forking = (
        HOLDING.partition("sys.stdin")[0]
        + """
import os, time
child = os.fork()
if not child:
    time.sleep(50)
    os._exit(0)
print(child)
time.sleep(50)
"""
    )
    with python(forking, master) as other:
        line_of(other)
        grandchild = int(line_of(other))
        try:
            other.kill()
            other.wait()
            lock.take(master, 1)
            lock.release(master, 1)
        finally:
            os.kill(grandchild, 9)


TWO_SCANS_AT_ONCE = (
    WITH_STREAM
    + """
from obtura.data.saver import HDF5Saver
saving = saving_in(sys.argv[1])
print("ready")
sys.stdin.readline()
done = 0
while done < 8:
    try:
        record(HDF5Saver(saving), began(number=saving.next_number()), *rows(0, [0.0], [1.0]))
        done += 1
    except Exception as error:
        text = str(error)
        assert "is being written by" in text or "exists already" in text, text
print("done")
sys.stdin.readline()
"""
)


def test_two_processes_that_write_in_turns_lose_no_scan(tmp_path):
    with python(TWO_SCANS_AT_ONCE, tmp_path) as one, python(TWO_SCANS_AT_ONCE, tmp_path) as two:
        for child in (one, two):
            assert line_of(child) == "ready"
        for child in (one, two):
            child.stdin.write("\n")
            child.stdin.flush()
        for child in (one, two):
            assert line_of(child) == "done"
    saving = saving_in(tmp_path)
    directory = Path(saving.root_path)
    names = sorted(path.name for path in (directory / "data").glob("*.h5"))
    assert len(names) == 16
    record(HDF5Saver(saving), began(number=saving.next_number()))
    assert sorted(os.listdir(directory)) == [".scan_numbers", "data", "data.h5"]
