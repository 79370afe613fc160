"""`obtura show`, `verify`, `pack`, `unpack` as a user runs them."""

import os
import signal
import subprocess
import sys
import time

import h5py
import pytest

OBTURA = [sys.executable, "-m", "obtura"]

SCANS = """
from obtura.demo import *
SCAN_SAVING.base_path = "."
loopscan(2, 0.01, diode)
loopscan(2, 0.01, camera)
"""


def obtura(directory, *arguments, prefix=()):
    return subprocess.run([*prefix, *OBTURA, *arguments], cwd=directory, capture_output=True, text=True, timeout=240)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    directory = tmp_path_factory.mktemp("scans")
    environment = {**os.environ, "HOME": str(directory)}
    subprocess.run([sys.executable, "-c", SCANS], cwd=directory, env=environment, check=True, capture_output=True)
    return directory / "demo"


@pytest.fixture
def scans(made, tmp_path):
    """A directory with `data.h5` of two scans, the second with frames."""
    subprocess.run(["cp", "-r", str(made), str(tmp_path)], check=True)
    return tmp_path / "demo"


def test_show_without_a_number_shows_all_and_checks_their_links(scans):
    shown = obtura(scans, "show", "data.h5").stdout
    assert [line.split()[0] for line in shown.splitlines()] == ["scan", "1.1", "2.1"]
    assert shown.splitlines()[2].endswith("4 ok")
    (scans / "data" / "scan0002" / "camera.h5").unlink()
    shown = obtura(scans, "show", "data.h5").stdout
    assert "4 broken" in shown
    assert "2.1: measurement/camera: scan0002/camera.h5 is gone or damaged" in shown


def test_verify_ends_with_1_when_a_byte_was_flipped(scans):
    done = obtura(scans, "verify", "data.h5")
    assert (done.returncode, done.stdout) == (0, "2 scans: 2 good\n")
    frames = scans / "data" / "scan0002" / "camera.h5"
    with h5py.File(frames) as file:
        at = file["2.1/instrument/camera/data"].id.get_chunk_info(0).byte_offset
    with frames.open("r+b") as file:
        file.seek(at)
        byte = file.read(1)[0]
        file.seek(at)
        file.write(bytes([byte ^ 1]))
    assert obtura(scans, "verify", "data.h5", "1").returncode == 0
    done = obtura(scans, "verify", "data.h5", "2")
    assert done.returncode == 1
    assert "camera.h5: 2.1/instrument/camera/data, chunk 0 (point 0): differs from what was written" in done.stdout
    assert obtura(scans, "verify", "data.h5", "7").returncode == 2


def test_pack_and_unpack_say_what_they_made_and_refuse_to_overwrite(scans):
    done = obtura(scans, "pack", "data.h5")
    assert (done.returncode, done.stdout) == (0, "data.packed.h5: 2 entries\n")
    done = obtura(scans, "pack", "data.h5")
    assert done.returncode == 1
    assert "data.packed.h5 exists already, nothing was overwritten" in done.stderr
    done = obtura(scans, "unpack", "data.packed.h5", "-o", "again")
    assert (done.returncode, done.stdout) == (0, "again/data.h5\n")
    assert obtura(scans, "verify", "again/data.h5").stdout == "2 scans: 2 good\n"
    assert obtura(scans, "unpack", "data.packed.h5", "-o", "again").returncode == 1


def test_pack_tells_what_it_left_out_and_ends_with_1(scans):
    (scans / "data" / "scan0001.h5").unlink()
    done = obtura(scans, "pack", "data.h5", "-o", "one.h5")
    assert (done.returncode, done.stdout) == (1, "one.h5: 1 entry\n")
    assert done.stderr == "left out: 1.1: its file is gone\n"


def test_ctrl_c_leaves_no_half_file(scans):
    own = scans / "data" / "scan0001.h5"
    with h5py.File(own, "r+") as file:
        large = file["1.1"].create_dataset("large", (20_000, 250), "f8", chunks=(1, 250))
        large[:] = 1.5
    before = sorted(os.listdir(scans))
    packing = subprocess.Popen([*OBTURA, "pack", "data.h5"], cwd=scans, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    hidden = scans / f".data.packed.h5.{packing.pid}.new"
    while packing.poll() is None and not (hidden.exists() and hidden.stat().st_size > 1_000_000):
        time.sleep(0.001)
    packing.send_signal(signal.SIGINT)
    _, said = packing.communicate(timeout=240)
    assert packing.returncode == 130, said
    assert sorted(os.listdir(scans)) == before


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 300 kB, what it says when it is full, and how to run a command there.

    Where none can be mounted, a directory whose files can't grow.
    """
    directory = tmp_path / "small"
    directory.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=300k", "none", directory], capture_output=True)
    if mounted.returncode:
        yield directory, "File too large", ("prlimit", "--fsize=40000")
    else:
        yield directory, "No space left on device", ()
        subprocess.run(["umount", directory], check=True)


def test_a_full_disk_leaves_no_half_file(scans, small_disk):
    directory, full, prefix = small_disk
    done = obtura(scans, "pack", "data.h5", "-o", str(directory / "packed.h5"), prefix=prefix)
    assert done.returncode == 1
    assert f"packed.h5: can't be written: {full}" in done.stderr
    assert os.listdir(directory) == []
    packed = obtura(scans, "pack", "data.h5")
    assert packed.returncode == 0
    done = obtura(scans, "unpack", "data.packed.h5", "-o", str(directory / "again"), prefix=prefix)
    assert done.returncode == 1 and full in done.stderr
    assert os.listdir(directory) == []
