"""Serve the simulated beamline on loopback: `python -m obtura.instruments.simioc --prefix X:`.

Prints one line when it answers, and ends with SIGTERM or Ctrl-C.
"""

import argparse
import asyncio
import os
import socket
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import ExitStack
from typing import Any, TextIO

try:
    from caproto.asyncio.server import start_server
except ModuleNotFoundError as error:
    raise ImportError(
        "EPICS needs the extra: pip install 'obtura[epics]' (in a checkout: pip install '.[epics]')"
    ) from error

from obtura.instruments.simioc.beamline import World, records
from obtura.instruments.simioc.detector import Detector
from obtura.instruments.simioc.motor import Motor

__all__ = ["main"]

LOOPBACK = "127.0.0.1"
TELLING = 0.05
"""Seconds between two looks for what has changed."""


def main() -> None:
    """Serve until told to end."""
    parser = argparse.ArgumentParser(prog="python -m obtura.instruments.simioc", description="a beamline in EPICS")
    parser.add_argument("--prefix", default="SIM:", help="what the PVs' names begin with (SIM:)")
    parser.add_argument("--port", type=int, default=0, help="UDP and TCP port; 0, the default: any free one")
    parser.add_argument("--log", help="append each put to this file; -: to standard output")
    parser.add_argument("--attached", action="store_true", help="end when standard input ends")
    options = parser.parse_args()
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    if options.attached:
        threading.Thread(target=_end_with_parent, daemon=True).start()
    with ExitStack() as stack:
        port = options.port or _free_port()
        stack.enter_context(_loopback_only(port))
        log: TextIO | None = sys.stdout
        if options.log != "-":
            log = stack.enter_context(open(options.log, "a", buffering=1)) if options.log else None
        asyncio.run(_serve(options.prefix, port, log))


async def _serve(prefix: str, port: int, log: TextIO | None) -> None:
    async def announce(_library: Any) -> None:
        sys.stdout.write(f"{prefix} answers on {LOOPBACK}:{port}\n")
        await _tell_changes(served)

    world = World()
    more = Detector(lambda: world.diode).records(prefix)
    more |= {name: record for motor in ("m1", "m2") for name, record in Motor().records(prefix + motor).items()}
    for name, record in more.items():
        record.put = _logged(name, getattr(record, "put", None), log)
    served = records(prefix, world, log) | more
    await start_server(served, startup_hook=announce)


async def _tell_changes(served: Mapping[str, Any]) -> None:
    """Have those who listen told of what has changed: values are a function of time, and nobody puts them."""
    live = [record for record in served.values() if hasattr(record, "look")]
    told = [record.look() for record in live]
    while True:
        await asyncio.sleep(TELLING)
        for index, record in enumerate(live):
            value = record.look()
            if isinstance(value, (int, float, str)) and value != told[index]:  # frames are asked for
                told[index] = value
                await record.write(value, verify_value=False)


def _logged(name: str, put: Any, log: TextIO | None) -> Any:
    """A put that is written to `log` before it is done."""
    if put is None or log is None:
        return put

    def note(value: Any) -> Any:
        log.write(f"{time.time():.6f} {name} {value}\n")
        return put(value)

    return note


def _loopback_only(port: int) -> socket.socket:
    """Keep caproto off all networks. Its beacons are for a repeater; they end in the socket given back."""
    sink = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sink.bind((LOOPBACK, 0))
    os.environ |= {
        "EPICS_CA_SERVER_PORT": str(port),
        "EPICS_CAS_INTF_ADDR_LIST": LOOPBACK,
        "EPICS_CAS_AUTO_BEACON_ADDR_LIST": "NO",
        "EPICS_CAS_BEACON_ADDR_LIST": LOOPBACK,
        "EPICS_CAS_BEACON_PORT": str(sink.getsockname()[1]),
    }
    return sink


def _free_port() -> int:
    """A port that is free for TCP and UDP alike."""
    while True:
        with (
            socket.socket(socket.AF_INET, socket.SOCK_STREAM) as tcp,
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp,
        ):
            tcp.bind((LOOPBACK, 0))
            port: int = tcp.getsockname()[1]
            try:
                udp.bind((LOOPBACK, port))
            except OSError:  # somebody has it for UDP: take another
                continue
            return port


def _end_with_parent() -> None:
    """Whoever started this holds the other end of standard input; when they are gone, so are we."""
    while os.read(0, 1):  # not sys.stdin, whose lock would be held when the interpreter ends
        pass
    os._exit(0)


if __name__ == "__main__":
    main()
