"""kill -9 at write calls: what was announced is there, every file opens, recovery makes all whole.

strace kills the process on its way into the n-th call of a kind, for each kind of call that changes a file. It counts
by thread, so the n-th of the saver's comes after the n-th of a thread that makes more: hence the calls on single files
besides. In this suite a sample of the calls; `make crash-test` takes every one.
"""

import os
import shutil
import subprocess
import sys

import pytest
from looking import HERE, OBTURA, announced, check_recovered, look, recover

CALLS = {
    "write": 37,
    "pwrite64": 131,
    "rename": 2,
    "unlink": 1,
    "fsync": 17,
    "pwrite64 scan0001/camera.h5": 41,
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
    done = subprocess.run([*strace, *map(str, command)], capture_output=True, text=True, timeout=240, env=environment)
    return done.stdout, done.returncode == 0, done.stderr


@needs_strace
@pytest.mark.timeout(3000 if WHOLE else 1000)
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
            number += 1 if WHOLE or calls in ("rename", "unlink") else 53
