"""The electronics of a shutter, in a process of their own: `python -m obtura.devices.sim.box_server` prints its port.

Lines over TCP, each with a line in answer: `OPEN`, `CLOSE`, `STATE?`, `LOG?`. It ends when standard input does.
"""

import contextlib
import os
import socketserver
import sys
import threading
import time

from obtura.devices.sim.blades import ShutterBlade

__all__ = ["main"]


class _Box:
    def __init__(self, travel: float) -> None:
        self._blade = ShutterBlade(travel)
        self._lock = threading.Lock()
        self._log: list[str] = []

    def answer(self, line: str) -> str:
        with self._lock:
            match line:
                case "OPEN" | "CLOSE":
                    self._log.append(f"{time.time():.6f} {line}")
                    (self._blade.open if line == "OPEN" else self._blade.close)()
                    return "OK"
                case "STATE?":
                    return str(self._blade.state())
                case "LOG?":
                    return ";".join(self._log)
                case _:
                    return f"ERROR {line!r} is not known"


def main() -> None:
    """Serve until standard input ends."""
    box = _Box(float(sys.argv[1]) if len(sys.argv) > 1 else 0.02)

    class Client(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            with contextlib.suppress(ConnectionError):  # who asked has died
                for line in self.rfile:
                    self.wfile.write(box.answer(line.decode().strip()).encode() + b"\n")

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Client) as server:
        server.daemon_threads = True
        sys.stdout.write(f"{server.server_address[1]}\n")
        sys.stdout.flush()
        threading.Thread(target=server.serve_forever, daemon=True).start()
        while os.read(0, 1):
            pass
    os._exit(0)


if __name__ == "__main__":
    main()
