"""kill -9 at write calls: what was announced is there, every file opens, recovery makes all whole.

strace kills the process on its way into the n-th call of a kind, for each kind of call that changes a file. It counts
by thread, so the n-th of the saver's comes after the n-th of a thread that makes more: hence the calls on single files
besides. In this suite a sample of the calls; `make crash-test` takes every one.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import h5py
import pytest

from obtura.data.checksums import CHECKSUMS
from obtura.data.layout import scan_file
from obtura.data.recovery import INTERRUPTED
from obtura.data.verify import verifying

HERE = Path(__file__).parent
OBTURA = Path(sys.executable).parent / "obtura"
CALLS = {
    "write": 12,
    "pwrite64": 40,
    "rename": 1,
    "unlink": 1,
    "fsync": 6,
    "pwrite64 scan0001/camera.h5": 13,
    "unlink scan0001.journal": 1,
}
"""Kinds of calls, those on one file also, and which of them are tried in the suite: every so manieth."""
WHOLE = bool(os.environ.get("OBTURA_CRASH_TEST"))
if WHOLE:
    CALLS |= dict.fromkeys(
        ("pwrite64 scan0001.h5", "fsync scan0001.h5", "write scan0001.journal", "write index.jsonl"), 1
    )
LAYOUTS = ("scalars", "mesh", "images", "compressed", "two") if WHOLE else ("mesh", "images", "two")
CASES = [
    (layout, calls)
    for layout in LAYOUTS
    for calls in CALLS
    if layout in ("images", "compressed") or ("camera" not in calls and (WHOLE or " " not in calls))
]
MOST = 2000

needs_strace = pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")


def run_to_be_killed(command, calls, number, environment, file=None):
    """Run a command, and kill it on its way into the `number`-th call of a kind; its output, and whether it ended.

    `file`: only calls on this one count.
    """
    strace = ["strace", "-f", "-qq", "-o", os.devnull, *(["-P", file] if file else []), "-e", f"trace={calls}"]
    strace += ["-e", f"inject={calls}:signal=SIGKILL:when={number}"]
    done = subprocess.run([*strace, *map(str, command)], capture_output=True, text=True, timeout=50, env=environment)
    return done.stdout, done.returncode == 0, done.stderr


def announced(output):
    """The rows of each branch that were announced; a line that was cut was not."""
    rows = {}
    for line in output.splitlines(keepends=True):
        if line.endswith("\n"):
            branch, count = map(int, line.split())
            rows[branch] = count
    return rows


def entries(file):
    return [name for name in file if name != CHECKSUMS]


def columns(entry):
    return {name: entry["measurement"][name] for name in entry["measurement"]}


def check_values(entry):
    """Every counter read the number of its point."""
    for name, column in columns(entry).items():
        if name in ("a", "b") or name.startswith("of_"):
            assert column[:].tolist() == list(map(float, range(len(column)))), name


def look(master, rows):
    """What can be seen at once after the kill: nothing wrong, nothing in the way."""
    if master.exists():
        with h5py.File(master) as file:  # plainly
            assert set(file) <= {"1.1", "1.2"}
    path = scan_file(master, 1)
    if path.exists() and path.stat().st_size:
        with h5py.File(path, swmr=True) as file:
            for name in entries(file):
                check_values(file[name])
    elif rows:
        raise AssertionError(f"{rows} were announced, and {path} is not there")


def check_recovered(master, rows):
    """Everything that was announced is in the file, which opens plainly."""
    if not master.exists():
        assert not rows
        return
    with h5py.File(master) as file:
        for branch, count in rows.items():
            entry = file[f"1.{branch + 1}"]
            lengths = {name: len(column) for name, column in columns(entry).items()}
            assert min(lengths.values()) >= count, (branch, count, lengths)
            for name, column in columns(entry).items():
                if column.ndim == 3:
                    assert all(frame.any() for frame in column[:count]), (
                        f"{name}: a frame was announced and not written"
                    )
        for name in entries(file):
            check_values(file[name])
            assert file[name]["end_reason"].asstr()[()] in (INTERRUPTED, "SUCCESS")
    files = {path.name for path in master.with_suffix("").iterdir() if path.is_file()}
    assert {name for name in files if not name.endswith(".h5")} <= {"index.jsonl"}
    found = verifying(master)
    assert not found.is_damaged, found.text


def recover(directory, environment):
    return subprocess.run(
        [OBTURA, "recover", directory], capture_output=True, text=True, timeout=50, env=environment, check=False
    )


@needs_strace
@pytest.mark.timeout(3000 if WHOLE else 300)
@pytest.mark.parametrize(("layout", "calls"), CASES)
def test_after_a_kill_at_any_write_call_nothing_announced_is_missing(tmp_path, tally, layout, calls):
    environment = {**os.environ, "OBTURA_SPOOL": str(tmp_path / "spool"), "PYTHONDONTWRITEBYTECODE": "1"}
    step = 1 if WHOLE else CALLS[calls]
    kind, _, name = calls.partition(" ")
    ended, number = False, 1
    while not ended:
        directory = tmp_path / str(number)
        command = [sys.executable, HERE / "scan_to_be_killed.py", directory, layout]
        file = directory / "lab" / "data" / name if name else None
        output, ended, errors = run_to_be_killed(command, kind, number, environment, file)
        assert not errors, errors
        rows = announced(output)
        tally[layout, calls] += not ended
        tally[layout, "rows"] += sum(rows.values())
        master = directory / "lab" / "data.h5"
        look(master, rows)
        if directory.exists():
            done = recover(directory, environment)
            assert done.returncode == 0, done.stdout + done.stderr
        check_recovered(master, rows)
        if number < MOST:
            number += step
        shutil.rmtree(directory, ignore_errors=True)
    assert number > 1


@needs_strace
@pytest.mark.timeout(1000)
@pytest.mark.parametrize("layout", ["mesh", "images"] if WHOLE else ["images"])
def test_a_recovery_that_is_killed_is_done_again(tmp_path, tally, layout):
    environment = {**os.environ, "OBTURA_SPOOL": str(tmp_path / "spool"), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, HERE / "scan_to_be_killed.py", tmp_path / "crashed", layout, 400]
    rows, number = {}, 100
    while not rows:
        shutil.rmtree(tmp_path / "crashed", ignore_errors=True)
        output, ended, _ = run_to_be_killed(command, "write", number, environment)
        assert not ended, "no kill came between the first row and the last"
        rows, number = announced(output), number + 20
    for calls in ("write", "pwrite64", "rename", "unlink", "fsync"):
        ended, number = False, 1
        while not ended:
            directory = tmp_path / f"{calls}{number}"
            shutil.copytree(tmp_path / "crashed", directory)
            _, ended, errors = run_to_be_killed([OBTURA, "recover", directory], calls, number, environment)
            assert not errors, errors
            tally[f"recovery of {layout}", calls] += not ended
            done = recover(directory, environment)
            assert done.returncode == 0, done.stdout + done.stderr
            check_recovered(directory / "lab" / "data.h5", rows)
            number += 1 if WHOLE or calls in ("rename", "unlink") else 27
