"""What tests of cameras of areaDetector do to the simulated one."""

import math

import h5py

import obtura
from obtura.acquisition.camera import CameraAcquisitionSlave


def fault(words, prefix="T"):
    from obtura.instruments.epics.link import Link  # an extra

    Link("test", f"{prefix}:cam1:Fault").put(words, "put").wait(math.inf)


def value(pv):
    from obtura.instruments.epics.link import Link

    return Link("test", pv).read("test")


def is_quiet(prefix="T"):
    return value(f"{prefix}:cam1:Acquire_RBV") == value(f"{prefix}:HDF1:Capture_RBV") == 0


def entry_of(scan):
    return h5py.File(scan.scan_info["filename"])[f"{scan.scan_number}.1"]


def hardware(camera, npoints, count_time=0.02, **options):
    chain = obtura.AcquisitionChain()
    master = obtura.SoftwareTimerMaster(0.05, npoints=1)
    slave = CameraAcquisitionSlave(
        camera.image, count_time=count_time, npoints=npoints, trigger_type="HARDWARE", **options
    )
    chain.add(master, slave)
    return obtura.Scan(chain)
