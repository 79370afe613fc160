"""A small disk that fills at any point, and viewers that hold any file at any time: nothing announced is missing."""

import os
import random
import subprocess
import sys
import threading

import h5py
import pytest
from looking import HERE, OBTURA, announced, check_recovered

WHOLE = bool(os.environ.get("OBTURA_CRASH_TEST"))
LAYOUTS = ("scalars", "mesh", "images", "compressed", "two") if WHOLE else ("compressed",)
POINTS = range(12) if WHOLE else (0, 7)
PRIVATE = ["unshare", "--mount", "--map-root-user"]

ON_A_SMALL_DISK = """
mount -t tmpfs -o size=70M none "$DISK" || exit 9
"$PYTHON" "$SCAN" "$DISK" "$LAYOUT" || exit 8
test -e "$FILL" && rm "$FILL" || exit 7
"$OBTURA" recover "$DISK" >&2 || exit 6
cp -r "$DISK/lab" "$AFTER"
"""


def can_mount():
    try:
        tried = [*PRIVATE, "mount", "-t", "tmpfs", "none", "/mnt"]
        return subprocess.run(tried, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


if can_mount():  # elsewhere a limit on the size of files does the same, in tests/data

    @pytest.mark.parametrize("point", POINTS)
    @pytest.mark.parametrize("layout", LAYOUTS)
    def test_when_a_small_disk_fills_nothing_is_missing_and_the_scan_goes_on(tmp_path, tally, layout, point):
        disk, after = tmp_path / "disk", tmp_path / "after"
        for each in (disk, after):
            each.mkdir()
        if layout == "two":
            point //= 2  # the slow one has half as many
        told = {"DISK": disk, "AFTER": after, "SCAN": HERE / "scan_to_be_killed.py", "LAYOUT": layout}
        told |= {"FILL": disk / "filler", "FILL_AT": point, "OBTURA_SPOOL": tmp_path / "spool"}
        told |= {"PYTHON": sys.executable, "OBTURA": OBTURA}
        environment = {**os.environ, **{name: str(value) for name, value in told.items()}}
        command = [*PRIVATE, "sh", "-c", ON_A_SMALL_DISK]
        done = subprocess.run(command, capture_output=True, text=True, timeout=240, env=environment, check=False)
        assert done.returncode == 0, done.stderr
        assert "scan 1 is whole" in done.stderr, "it was not in the spool"
        rows = announced(done.stdout)
        assert rows[0] == 12, "it has gone on"
        tally[f"disk full: {layout}", "points at which"] += 1
        tally[f"disk full: {layout}", "rows"] += sum(rows.values())
        master = after / "lab" / "data.h5"
        check_recovered(master, rows)
        with h5py.File(master) as file:
            assert file["1.1/end_reason"].asstr()[()] == "SUCCESS"


class Viewer:
    """Opens files below a directory as h5py does by itself, with its lock, and holds them for a while."""

    def __init__(self, directory, seed):
        self.opened = 0
        self.unreadable = []
        self._directory = directory
        self._random = random.Random(seed)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *error):
        self._ended.set()
        self._thread.join()

    def _look(self):
        while not self._ended.wait(self._random.uniform(0, 0.004)):
            for path in sorted(self._directory.rglob("*.h5")):
                self._hold(path)

    def _hold(self, path):
        try:
            with h5py.File(path):
                self.opened += 1
                self._ended.wait(self._random.uniform(0, 0.02))
        except OSError as error:  # one that grows is opened with swmr=True only
            if path.name == "data.h5":
                self.unreadable.append(str(error))


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("seed", range(10 if WHOLE else 2))
def test_viewers_that_lock_any_file_at_any_time_are_in_nobodys_way(tmp_path, tally, layout, seed):
    environment = {**os.environ, "OBTURA_SPOOL": str(tmp_path / "spool")}
    command = [sys.executable, HERE / "scan_to_be_killed.py", tmp_path / "disk", layout, "400"]
    with Viewer(tmp_path, seed) as viewer:
        done = subprocess.run(command, capture_output=True, text=True, timeout=100, env=environment, check=False)
    assert (done.returncode, done.stderr, viewer.unreadable) == (0, "", [])
    assert viewer.opened, "nothing was looked at"
    tally[f"viewers: {layout}", "files held"] += viewer.opened
    check_recovered(tmp_path / "disk" / "lab" / "data.h5", announced(done.stdout))
    assert not (tmp_path / "spool").exists()
