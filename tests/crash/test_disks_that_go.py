"""The disk of a scan goes in mid-scan: unmounted, its server killed, made read-only by an error. Nothing is missing.

A file system can't simply be remounted read-only while a scan has files open on it: the system refuses (EBUSY). What
does it is an error of the disk, after which ext4 takes no more; the test reports one to it. The server is that of a
FUSE mount: when it is killed, every call fails, as with a storage that is gone. These two need rights that not every
machine gives, so they are in `make crash-test` only; that a disk is unmounted is tried everywhere.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import h5py
import pytest
from looking import HERE, OBTURA, announced, check_recovered
from test_full_disk_and_readers import PRIVATE, WHOLE, can_mount

pytestmark = pytest.mark.timeout(600)

LAYOUTS = ("scalars", "mesh", "images", "compressed", "two") if WHOLE else ("images",)
POINTS = (1, 5, 9) if WHOLE else (5,)

SCAN = """
"$PYTHON" "$SCAN" "$DISK" "$LAYOUT" || exit 8
"""
RECOVER = """
"$OBTURA" recover "$DISK" >&2 || exit 6
cp -r "$DISK/lab" "$AFTER"
"""

UNMOUNTED = (
    """
mkdir "$DISK.real"
mount -t tmpfs none "$DISK.real" || exit 9
mount --bind "$DISK.real" "$DISK" || exit 9
"""
    + SCAN
    + """mount --bind "$DISK.real" "$DISK" || exit 7
"""
    + RECOVER
)
KILLED_SERVER = (
    """
mkdir "$DISK.real"
bindfs -f "$DISK.real" "$DISK" & echo $! > "$DISK.pid"
while ! mountpoint -q "$DISK"; do sleep 0.02; done
"""
    + SCAN
    + """
umount -l "$DISK"
bindfs "$DISK.real" "$DISK" || exit 7
"""
    + RECOVER
    + """umount "$DISK"
"""
)
READ_ONLY = (
    """
truncate -s 150M "$DISK.image" && mkfs.ext4 -q "$DISK.image" || exit 9
mount -o loop,errors=remount-ro "$DISK.image" "$DISK" || exit 9
"""
    + SCAN
    + """
touch "$DISK/x" 2>/dev/null && exit 5
umount "$DISK" && e2fsck -fy "$DISK.image" >&2
mount -o loop "$DISK.image" "$DISK" || exit 7
"""
    + RECOVER
    + """umount "$DISK"
"""
)


def go_away(tmp_path, tally, what, layout, point, script, do, prefix=PRIVATE):
    """Run a scan whose disk goes at a point, bring the disk back, recover, and look; what was said."""
    disk, after = tmp_path / "disk", tmp_path / "after"
    for each in (disk, after):
        each.mkdir()
    if layout == "two":
        point //= 2  # the slow one has half as many
    told = {"DISK": disk, "AFTER": after, "SCAN": HERE / "scan_to_be_killed.py", "LAYOUT": layout}
    told |= {"DO": do, "DO_AT": point, "OBTURA_SPOOL": tmp_path / "spool", "PYTHON": sys.executable, "OBTURA": OBTURA}
    environment = {**os.environ, **{name: str(value) for name, value in told.items()}}
    command = [*prefix, "sh", "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100, env=environment, check=False)
    assert done.returncode == 0, f"{done.returncode}: {done.stderr}"
    assert "; the scan goes on in " in done.stderr
    rows = announced(done.stdout)
    assert rows[0] == 12, "it has gone on"
    tally[f"{what}: {layout}", "points at which"] += 1
    tally[f"{what}: {layout}", "rows"] += sum(rows.values())
    check_recovered(after / "lab" / "data.h5", rows)
    with h5py.File(after / "lab" / "data.h5") as file:
        assert file["1.1/end_reason"].asstr()[()] == "SUCCESS"
    return done.stderr


if can_mount():

    @pytest.mark.parametrize("point", POINTS)
    @pytest.mark.parametrize("layout", LAYOUTS)
    def test_a_disk_that_is_unmounted_in_mid_scan(tmp_path, tally, layout, point):
        said = go_away(tmp_path, tally, "unmounted", layout, point, UNMOUNTED, 'umount -l "$DISK"')
        assert "its disk is not mounted any more" in said


if WHOLE:

    def needs(*what):
        """Skip, and say why, where one of these is missing."""
        if os.getuid():
            pytest.skip("only root may mount such a disk")
        missing = [each for each in what if not (shutil.which(each) or Path(each).exists())]
        if missing:
            pytest.skip(f"it needs {', '.join(missing)}")

    @pytest.mark.parametrize("point", POINTS)
    @pytest.mark.parametrize("layout", LAYOUTS)
    def test_a_mount_whose_server_is_killed_in_mid_scan(tmp_path, tally, layout, point):
        needs("bindfs", "/dev/fuse")
        own = ["unshare", "--mount"]
        go_away(tmp_path, tally, "server killed", layout, point, KILLED_SERVER, 'kill -9 $(cat "$DISK.pid")', own)

    @pytest.mark.parametrize("point", POINTS)
    @pytest.mark.parametrize("layout", LAYOUTS)
    def test_a_disk_that_an_error_makes_read_only_in_mid_scan(tmp_path, tally, layout, point):
        needs("mkfs.ext4", "/dev/loop-control")
        device = '$(basename "$(findmnt -n -o SOURCE "$DISK")")'
        error = f'echo 1 > "/sys/fs/ext4/{device}/trigger_fs_error"'
        go_away(tmp_path, tally, "read-only", layout, point, READ_ONLY, error, ["unshare", "--mount"])
