"""What a point of a scan costs beside the bare client: attributes of a Tango device server on loopback, no database.

Three ways to have them of the same server, which answers after a time that is given: a DeviceProxy and nothing else;
the device alone, as `device.read_all(...)`; a `loopscan` that reads once a point.
"""

import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from bench.cases import Figure, study
from bench.lab import Lab
from obtura.instruments.tango import TangoCounter, TangoDevice

SERVER = """
import sys, time
from tango.server import Device, attribute, run
delay = float(sys.argv.pop())

class Bench(Device):
    def init_device(self):
        super().init_device()
        for number in range(100):
            self.add_attribute(attribute(name=f"c{number}", dtype=float, fget=self.one))

    def one(self, attr):
        if delay:
            time.sleep(delay)
        return 1.25

run([Bench])
"""
CASES = ((1, 0.0), (1, 0.001), (1, 0.01), (100, 0.0))
"""How many attributes are read, and how many s the server takes for each."""
POINTS, REPETITIONS = 200, 5
SHARE = 10.0
"""% of a point that the engine may take, of a device that answers as fast as real ones do."""


@contextmanager
def answering_after(delay: float) -> Iterator[str]:
    """A server in another process that takes `delay` s for each attribute; the address of its device."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    here = ["-ORBendPoint", f"giop:tcp:127.0.0.1:{port}", "-host", "127.0.0.1"]
    command = [sys.executable, "-c", SERVER, "b", "-nodb", "-dlist", "Bench::b/b/b", *here, str(delay)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            while "Ready" not in server.stdout.readline():
                assert server.poll() is None
            yield f"tango://127.0.0.1:{port}/b/b/b#dbase=no"
        finally:
            server.kill()


def bare_client(lab: Lab, address: str, names: list[str], number: int) -> float:
    """Seconds for the attributes, by a DeviceProxy."""
    import tango

    proxy = tango.DeviceProxy(address)
    proxy.read_attributes(names)
    began = time.perf_counter()
    for _ in range(number):
        [float(each.value) for each in proxy.read_attributes(names)]
    return (time.perf_counter() - began) / number


@contextmanager
def made(address: str, names: list[str]) -> Iterator[tuple[TangoDevice, list[TangoCounter]]]:
    device = TangoDevice("device", address)
    yield device, [TangoCounter(name, device, name) for name in names]
    device.close()


def device_alone(lab: Lab, address: str, names: list[str], number: int) -> float:
    """Seconds for a reading of the counters, by hand."""
    with made(address, names) as (device, counters):
        device.read_all(*counters)
        began = time.perf_counter()
        for _ in range(number):
            device.read_all(*counters)
        return (time.perf_counter() - began) / number


def scan_point(lab: Lab, address: str, names: list[str], number: int) -> float:
    """Seconds for a point of a scan that is not saved; what a scan of one point takes is subtracted."""
    with made(address, names) as (_, counters):

        def seconds(points: int) -> float:
            began = time.perf_counter()
            lab.session.bench.loopscan(points, 0, *counters, save=False)
            return time.perf_counter() - began

        one = min(seconds(1) for _ in range(3))
        return (seconds(number + 1) - one) / number


WAYS: dict[str, Callable[[Lab, str, list[str], int], float]] = {
    "bare client": bare_client,
    "device alone": device_alone,
    "scan point": scan_point,
}


@study("tango", "attributes of a Tango device, beside a bare DeviceProxy")
def attributes(lab: Lab) -> list[Figure]:
    found: list[Figure] = []
    for count, delay in CASES:
        names = [f"c{number}" for number in range(count)]
        with answering_after(delay) as address:
            turns = [{way: WAYS[way](lab, address, names, POINTS) for way in WAYS} for _ in range(REPETITIONS)]
        what = f"{count} attribute{'s'[: count > 1]}, answered after {1000 * delay:g} ms"
        found += [Figure(f"{way}, {what}", 1e6 * statistics.median(turn[way] for turn in turns), "us") for way in WAYS]
        share = statistics.median(1 - turn["bare client"] / turn["scan point"] for turn in turns)
        budget = SHARE if delay >= 0.001 else None
        found.append(Figure(f"share of the engine, {what}", 100 * max(share, 0.0), "%", budget))
    return found
