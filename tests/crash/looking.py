"""What is looked at after a scan of the crash tests: nothing announced is missing, nothing wrong, all opens."""

import subprocess
import sys
from pathlib import Path

import h5py

from obtura.data.checksums import CHECKSUMS
from obtura.data.filters import require_readable
from obtura.data.layout import scan_file
from obtura.data.recovery import INTERRUPTED
from obtura.data.verify import verifying

HERE = Path(__file__).parent
OBTURA = Path(sys.executable).parent / "obtura"


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
                    require_readable(column)
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
        [OBTURA, "recover", directory], capture_output=True, text=True, timeout=240, env=environment, check=False
    )
