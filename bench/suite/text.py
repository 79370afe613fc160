"""What a point of a scan costs beside the bare client: an instrument that is asked in text, by TCP on loopback.

Three ways to have a number of the same server, which answers after a time that is given: a socket and nothing else; the
line alone, as `counter.read()`; a `loopscan` that reads once a point. A real instrument answers within 1 to 100 ms.
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
from obtura.devices.text import TextCounter, TextInstrument

SERVER = """
import socket, sys, time
delay = float(sys.argv[1])
with socket.create_server(("127.0.0.1", 0)) as server:
    print(server.getsockname()[1], flush=True)
    while True:
        client, _ = server.accept()
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with client:
            while client.recv(1000):
                if delay:
                    time.sleep(delay)
                client.sendall(b"1.25\\n")
"""
DELAYS = (0.0, 0.001, 0.01)
"""s that the server takes to answer."""
POINTS, REPETITIONS = 200, 5
SHARE = 10.0
"""% of a point that the engine may take, of an instrument that answers as fast as real ones do."""


@contextmanager
def answering_after(delay: float) -> Iterator[int]:
    """A server in another process that answers any question after `delay` s; its port."""
    command = [sys.executable, "-c", SERVER, str(delay)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            yield int(server.stdout.readline())
        finally:
            server.kill()


def bare_client(lab: Lab, port: int, number: int) -> float:
    """Seconds for a question and its answer, by a socket."""
    with socket.create_connection(("127.0.0.1", port)) as client:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        began = time.perf_counter()
        for _ in range(number):
            client.sendall(b"READ?\n")
            answer = b""
            while not answer.endswith(b"\n"):
                answer += client.recv(1000)
            float(answer)
        return (time.perf_counter() - began) / number


def line_alone(lab: Lab, port: int, number: int) -> float:
    """Seconds for a reading of a counter, by hand."""
    instrument = TextInstrument("instrument", tcp=f"127.0.0.1:{port}")
    counter = TextCounter("counter", instrument, "READ?")
    counter.read()
    began = time.perf_counter()
    for _ in range(number):
        counter.read()
    seconds = (time.perf_counter() - began) / number
    instrument.close()
    return seconds


def scan_point(lab: Lab, port: int, number: int) -> float:
    """Seconds for a point of a scan that is not saved; what a scan of one point takes is subtracted."""
    instrument = TextInstrument("instrument", tcp=f"127.0.0.1:{port}")
    counter = TextCounter("counter", instrument, "READ?")

    def seconds(points: int) -> float:
        began = time.perf_counter()
        lab.session.bench.loopscan(points, 0, counter, save=False)
        return time.perf_counter() - began

    one = min(seconds(1) for _ in range(3))
    each = (seconds(number + 1) - one) / number
    instrument.close()
    return each


WAYS: dict[str, Callable[[Lab, int, int], float]] = {
    "bare client": bare_client,
    "line alone": line_alone,
    "scan point": scan_point,
}


@study("text", "an instrument asked in text by TCP, beside a bare socket")
def text(lab: Lab) -> list[Figure]:
    found: list[Figure] = []
    for delay in DELAYS:
        with answering_after(delay) as port:
            turns = [{name: way(lab, port, POINTS) for name, way in WAYS.items()} for _ in range(REPETITIONS)]
        found += [
            Figure(
                f"{name}, answers after {1000 * delay:g} ms",
                1e6 * statistics.median(turn[name] for turn in turns),
                "us",
            )
            for name in WAYS
        ]
        share = statistics.median(1 - turn["bare client"] / turn["scan point"] for turn in turns)
        budget = SHARE if delay >= 0.001 else None
        found.append(
            Figure(f"share of the engine, answers after {1000 * delay:g} ms", 100 * max(share, 0.0), "%", budget)
        )
    return found
