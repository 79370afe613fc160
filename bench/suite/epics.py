"""What a point of a scan costs beside the bare client: a PV of an IOC in another process, by Channel Access and by PVA.

Three ways to have a number of the same server, which answers after a time that is given: caproto's and p4p's own call
and nothing else; the PV as a counter, as `counter.read()`; a `loopscan` that reads once a point. The server is p4p's or
caproto's own. An IOC that has to ask its hardware takes 1 ms and more.
"""

import os
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from caproto.threading import client as caproto_client
from p4p.client import thread as p4p_client

from bench.cases import Figure, study
from bench.lab import Lab
from obtura.instruments.epics import PVCounter

CA = """
import asyncio, os, sys
delay, port = float(sys.argv[1]), sys.argv[2]
os.environ |= {"EPICS_CA_SERVER_PORT": port, "EPICS_CAS_INTF_ADDR_LIST": "127.0.0.1",
               "EPICS_CAS_AUTO_BEACON_ADDR_LIST": "NO", "EPICS_CAS_BEACON_ADDR_LIST": "127.0.0.1"}
import caproto
from caproto.asyncio.server import start_server
class Slow(caproto.ChannelDouble):
    async def read(self, data_type):
        if delay:
            await asyncio.sleep(delay)
        return await super().read(data_type)
async def ready(library):
    print("ready", flush=True)
asyncio.run(start_server({"BENCH:v": Slow(value=1.25)}, startup_hook=ready))
"""
PVA = """
import socket, sys, threading, time
from p4p import server
from p4p.nt import NTScalar
from p4p.server.thread import SharedPV
delay, port = float(sys.argv[1]), sys.argv[2]

def hand_on(source, target, seconds):
    while data := source.recv(65536):
        if seconds:
            time.sleep(seconds)
        target.sendall(data)

def stand_between(here):
    while True:
        client = here.accept()[0]
        behind = socket.create_connection(("127.0.0.1", int(port)))
        for each in client, behind:
            each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for way in (client, behind, 0), (behind, client, delay / 2):
            threading.Thread(target=hand_on, args=way, daemon=True).start()

provider = server.StaticProvider("bench")
provider.add("BENCH:v", SharedPV(nt=NTScalar("d"), initial=1.25))
conf = {"EPICS_PVAS_INTF_ADDR_LIST": "127.0.0.1", "EPICS_PVAS_SERVER_PORT": port, "EPICS_PVAS_BROADCAST_PORT": port,
        "EPICS_PVAS_AUTO_BEACON_ADDR_LIST": "NO", "EPICS_PVAS_BEACON_ADDR_LIST": "127.0.0.1"}
with server.Server(providers=[provider], conf=conf, useenv=False):
    here = socket.create_server(("127.0.0.2", int(port)))
    threading.Thread(target=stand_between, args=(here,), daemon=True).start()
    print("ready", flush=True)
    time.sleep(3600)
"""
SERVERS = {"ca": CA, "pva": PVA}
CASES = (("ca", 0.0), ("ca", 0.001), ("ca", 0.01), ("pva", 0.0), ("pva", 0.001), ("pva", 0.01))
"""Protocols, and s that the server takes to answer. A PV Access server answers from memory, whatever one does: there
somebody stands between who keeps each of the two answers that a value takes for half of that time."""
POINTS, REPETITIONS = 200, 5
SHARE = 10.0
"""% of a point that the engine may take, of an IOC that answers as fast as one with hardware does."""


@contextmanager
def answering_after(protocol: str, delay: float) -> Iterator[None]:
    """A server in another process, which is the one that this process asks."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    os.environ |= {f"EPICS_{protocol.upper()}_{key}": value for key, value in _asked(protocol, port, delay).items()}
    command = [sys.executable, "-c", SERVERS[protocol], str(delay), str(port)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        assert server.stdout is not None
        try:
            server.stdout.readline()
            yield
        finally:
            server.kill()


def _asked(protocol: str, port: int, delay: float) -> dict[str, str]:
    between = protocol == "pva" and delay > 0
    straight = {"ADDR_LIST": "" if between else f"127.0.0.1:{port}", "AUTO_ADDR_LIST": "NO"}
    return {**straight, "NAME_SERVERS": f"127.0.0.2:{port}" if between else ""}


def bare_client(lab: Lab, protocol: str, number: int) -> float:
    """Seconds for a value, by the client that obtura uses, too."""
    read: Callable[[], Any]
    if protocol == "ca":
        context: Any = caproto_client.Context()
        (pv,) = context.get_pvs("BENCH:v")
        pv.wait_for_connection(timeout=10)

        def read() -> float:
            return float(pv.read(data_type="status").data[0])
    else:
        context = p4p_client.Context("pva", nt=False)

        def read() -> float:
            return float(context.get("BENCH:v", request="field(value,alarm)", timeout=10)["value"])

    read()
    began = time.perf_counter()
    for _ in range(number):
        read()
    seconds = (time.perf_counter() - began) / number
    context.disconnect() if protocol == "ca" else context.close()
    return seconds


def _counter(protocol: str) -> PVCounter:
    counter = PVCounter("counter", f"{protocol}://BENCH:v", timeout=10.0)
    counter.read()
    return counter


def counter_alone(lab: Lab, protocol: str, number: int) -> float:
    """Seconds for a reading of a counter, by hand."""
    counter = _counter(protocol)
    began = time.perf_counter()
    for _ in range(number):
        counter.read()
    return (time.perf_counter() - began) / number


def scan_point(lab: Lab, protocol: str, number: int) -> float:
    """Seconds for a point of a scan that is not saved; what a scan of one point takes is subtracted."""
    counter = _counter(protocol)

    def seconds(points: int) -> float:
        began = time.perf_counter()
        lab.session.bench.loopscan(points, 0, counter, save=False)
        return time.perf_counter() - began

    one = min(seconds(1) for _ in range(3))
    return (seconds(number + 1) - one) / number


WAYS: dict[str, Callable[[Lab, str, int], float]] = {
    "bare client": bare_client,
    "counter alone": counter_alone,
    "scan point": scan_point,
}


@study("epics", "a PV of an IOC on loopback, beside a bare client")
def epics(lab: Lab) -> list[Figure]:
    found: list[Figure] = []
    for protocol, delay in CASES:
        with answering_after(protocol, delay):
            turns = [{name: way(lab, protocol, POINTS) for name, way in WAYS.items()} for _ in range(REPETITIONS)]
        where = f"{protocol}, answers after {1000 * delay:g} ms"
        found += [
            Figure(f"{name}, {where}", 1e6 * statistics.median(turn[name] for turn in turns), "us") for name in WAYS
        ]
        share = statistics.median(1 - turn["bare client"] / turn["scan point"] for turn in turns)
        budget = SHARE if delay >= 0.001 else None
        found.append(Figure(f"share of the engine, {where}", 100 * max(share, 0.0), "%", budget))
    return found
