"""The disk of a scan fills, or goes: the scan goes on in the spool, and nothing is lost when there is room again."""

import os
import subprocess

import pytest
from processes import WITH_STREAM, outcome

# In other processes, with a small file system of their own, or a greatest size of files that grows again.
FILL = (
    WITH_STREAM
    + """
import os, resource, subprocess
from pathlib import Path
import h5py
import numpy as np
from obtura.data import lock
from obtura.data.recovery import recover_all
from obtura.data.saver import HDF5Saver
from obtura.ground.errors import SavingError
from obtura.ground.events import Points

directory, spool, medium, size, columns, at_once, after, frames = *sys.argv[1:4], *map(int, sys.argv[4:])
os.environ["OBTURA_SPOOL"] = spool
if medium == "tmpfs":
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "none", directory], check=True)

saving = saving_in(directory)
saver = HDF5Saver(saving, reserve=0)
numbers = [channel(f"s:c{c}") for c in range(columns)]
saver.open(began(*numbers, *[channel("camera:image", shape=(20, 20), dtype="uint16")] * frames, npoints=0), say)
if medium == "limit":
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

points = left = 0
broken = False
while not said or left < after:
    if said:
        left += 1
        if medium == "limit":
            resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    block = np.arange(points, points + at_once, dtype=float)
    events = [Points(c, points, block) for c in range(columns)]
    if frames:
        image = np.broadcast_to(block.astype("uint16")[:, None, None], (at_once, 20, 20))
        events.append(Points(columns, points, image))
    for event in events:
        if event.channel < columns and not broken:
            try:
                saver.witness(event)
            except SavingError as error:  # the scan would fail
                broken = True
                print(error)
    try:
        saver.receive(events)
    except SavingError as error:
        print(error)
        try:
            saver.close()
        except SavingError as error:
            print(error)
        sys.exit(3)
    points += at_once
saver.witness(ended())
saver.receive([ended()])
saver.close()
print(len(said), *said, sep="\\n")
print("lock", lock.holder(Path(saving.filename)))
path = Path(saving.root_path) / "data" / "scan0012.h5"
opened = [name for name in os.listdir("/proc/self/fd") if os.path.realpath(f"/proc/self/fd/{name}") == str(path)]
print("open", opened)
if medium == "tmpfs":
    subprocess.run(["mount", "-o", "remount,size=200000000", directory], check=True)
for each in recover_all(Path(saving.filename), lambda number: False, Path(spool)):
    print("recovered", type(each).__name__, each)
with h5py.File(saving.filename) as file:
    entry = file["12.1"]
    wanted = list(range(points))
    whole = [entry[f"measurement/c{c}"][:].tolist() == wanted for c in range(columns)]
    print("whole", set(whole), entry["end_reason"].asstr()[()])
    if frames:
        print("frames", entry["measurement/camera"][:, 3, 3].tolist() == wanted)
print("left", os.listdir(spool), [name for name in os.listdir(path.parent) if "journal" in name])
"""
)


def can_mount():
    try:
        tried = ["unshare", "--mount", "--map-root-user", "mount", "-t", "tmpfs", "none", "/mnt"]
        return subprocess.run(tried, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


MEDIA = {"limit": ()} | ({"tmpfs": ("unshare", "--mount", "--map-root-user")} if can_mount() else {})


def filled(tmp_path, medium, size, columns, at_once, after=3, frames=0):
    (tmp_path / "data").mkdir()
    arguments = [tmp_path / "data", tmp_path / "spool", medium, size, columns, at_once, after, frames]
    return outcome(FILL, *arguments, prefix=MEDIA[medium])


@pytest.mark.parametrize("medium", MEDIA)
@pytest.mark.parametrize(("size", "columns", "at_once"), [(400_000, 10, 100), (3_000_000, 10, 1000), (700_000, 30, 50)])
def test_the_scan_goes_on_in_the_spool_and_is_whole_when_there_is_room_again(tmp_path, medium, size, columns, at_once):
    code, output, errors = filled(tmp_path, medium, size, columns, at_once)
    assert (code, errors) == (0, "")
    lines = output.splitlines()
    assert "; the scan goes on in " in lines[1] and f"obtura recover {tmp_path}/data/demo/data.h5" in lines[1]
    assert lines[-5:-3] == ["lock None", "open []"]
    assert lines[-3].startswith("recovered Recovered scan 12 is whole, ")
    assert lines[-2:] == ["whole {True} SUCCESS", "left [] []"]


@pytest.mark.parametrize("medium", MEDIA)
@pytest.mark.parametrize("at_once", [1, 7])
def test_frames_that_find_no_place_are_kept_in_the_spool(tmp_path, medium, at_once):
    code, output, errors = filled(tmp_path, medium, 500_000, 2, at_once, 3, 1)
    assert (code, errors) == (0, "")
    assert output.splitlines()[-3:] == ["whole {True} SUCCESS", "frames True", "left [] []"]


@pytest.mark.parametrize("point", range(0, 60, 4 if os.environ.get("OBTURA_CRASH_TEST") else 12))
def test_wherever_the_disk_fills_up_nothing_is_lost(tmp_path, point):
    """A file system of a size for each point: the journal, the scan's file, or both find no room."""
    code, output, errors = filled(tmp_path, "limit", 70_000 + 1_500 * point, 3, 1, 5)
    assert (code, errors) == (0, "")
    assert output.splitlines()[-2:] == ["whole {True} SUCCESS", "left [] []"]


def test_without_a_spool_the_scan_ends_in_order(tmp_path):
    (tmp_path / "spool").touch()  # no directory can be made there
    code, output, errors = filled(tmp_path, "limit", 300_000, 10, 100)
    assert (code, errors) == (3, "") and os.path.isfile(tmp_path / "spool")
    assert "File too large" in output and "nothing can be kept elsewhere" in output
