"""A whole scan of one point, from the call to its end; and a whole process, from nothing to the end of a scan."""

import itertools
import os
import subprocess
import sys

import h5py

from bench.cases import Trial, Work, case
from bench.lab import Lab
from bench.suite.listing import many_entries


@case("onepoint/unsaved", "a scan of one point, start to end, not saved", "scan")
def unsaved(lab: Lab) -> Trial:
    return Trial(_scans(lab, save=False), files(lab), "creating and closing an HDF5 file")


@case("onepoint/saved", "a scan of one point, start to end, saved", "scan", budget=5)
def saved(lab: Lab) -> Trial:
    return Trial(_scans(lab, save=True), files(lab), "creating and closing an HDF5 file")


@case("onepoint/late", "the same in a file that has 10^4 scans", "scan")
def late(lab: Lab) -> Trial:
    many_entries(lab)
    return Trial(_scans(lab, save=True), files(lab), "creating and closing an HDF5 file")


def _scans(lab: Lab, save: bool) -> Work:
    def work(count: int) -> None:
        for _ in range(count):
            lab.session.loopscan(1, 0, lab.counter, save=save)

    return work


def files(lab: Lab) -> Work:
    """An HDF5 file with one number in it, made and closed."""
    numbers = itertools.count()

    def work(count: int) -> None:
        for _ in range(count):
            with h5py.File(lab.directory / f"floor{next(numbers)}.h5", "w", libver=("v110", "v110")) as file:
                file["data"] = 4.0

    return work


FIRST_SCAN = """
from obtura import ScanSaving
from obtura.devices.sim import ConstantCounter
from obtura.session.session import Session
with Session("bench", {}, ScanSaving("bench", "bench", DIRECTORY), display=False) as session:
    session.loopscan(1, 0, ConstantCounter("counter"))
"""


@case("firstscan", "a fresh interpreter to the end of a first scan, saved", "process", budget=3)
def first_scan(lab: Lab) -> Trial:
    script = FIRST_SCAN.replace("DIRECTORY", repr(str(lab.directory)))
    work, floor = (_processes(lab, each) for each in (script, "import numpy, h5py"))
    work(1)  # now everything is compiled, as it is where obtura was installed
    return Trial(work, floor, "import numpy, h5py", count=1, floor_count=1)


def _processes(lab: Lab, script: str) -> Work:
    around = {**os.environ, "PYTHONPYCACHEPREFIX": str(lab.directory / "compiled")}
    around.pop("PYTHONDONTWRITEBYTECODE", None)  # a developer may have it: then nothing would ever be compiled

    def work(count: int) -> None:
        for _ in range(count):
            subprocess.run([sys.executable, "-c", script], check=True, stdout=subprocess.DEVNULL, env=around)

    return work
