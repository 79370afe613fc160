"""IOCs that others wrote: caproto's own examples."""

import os
import select
import subprocess
import sys
import time

import numpy as np
import pytest

pytest.importorskip("caproto", reason="EPICS is an extra: pip install obtura[epics]")

import obtura
from obtura.instruments.epics import PVAxis, PVCounter, connect
from obtura.instruments.simioc.__main__ import LOOPBACK, _free_port


@pytest.fixture
def example(loopback_only, monkeypatch):
    """Serve one of caproto's examples."""
    processes = []

    def serve(name):
        port = _free_port()
        environment = os.environ | {
            "EPICS_CA_SERVER_PORT": str(port),
            "EPICS_CAS_INTF_ADDR_LIST": LOOPBACK,
            "EPICS_CAS_AUTO_BEACON_ADDR_LIST": "NO",
            "EPICS_CAS_BEACON_ADDR_LIST": LOOPBACK,
        }
        command = [sys.executable, "-u", "-m", f"caproto.ioc_examples.{name}", "--prefix", "E:"]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
        processes.append(subprocess.Popen(command, env=environment, **pipes))
        said, until = b"", time.monotonic() + 60
        while b"Server startup complete" not in said:
            assert select.select([processes[-1].stdout], [], [], max(until - time.monotonic(), 0))[0], said
            said += os.read(processes[-1].stdout.fileno(), 65536)
        monkeypatch.setenv("EPICS_CA_ADDR_LIST", f"{LOOPBACK}:{port}")

    yield serve
    for process in processes:
        process.kill()
        with process:
            pass


def test_scalars_and_arrays_are_counters(example):
    example("simple")
    integer, real = PVCounter("A", "E:A"), PVCounter("B", "E:B", monitor=True)
    array = PVCounter("C", "ca://E:C", shape=(3,))
    connect(integer, real, array, timeout=20)
    data = obtura.loopscan(2, 0.02, integer, real, array, save=False).get_data()
    assert list(data["A"]) == [1.0, 1.0]
    assert list(data["B"]) == [2.0, 2.0]
    assert np.array_equal(data["C"], [[1, 2, 3]] * 2)


def test_a_motor_record_is_scanned(example):
    example("fake_motor_record")
    axis = PVAxis("m2", "E:mtr2", "E:mtr2.RBV", done_pv="E:mtr2.DMOV", stop_pv="E:mtr2.STOP", velocity_pv="E:mtr2.VELO")
    readback = PVCounter("rbv", "E:mtr2.RBV")
    connect(axis, readback, timeout=20)
    scan = obtura.ascan(axis, 0, 0.5, 2, 0.01, readback, save=False)
    assert list(scan.get_data("rbv:rbv")) == pytest.approx([0.0, 0.25, 0.5], abs=0.002)
