"""The guard: a small process that does what must be done when this one dies.

The problem. `kill -9`, a segmentation fault in a driver's library, a closed terminal: no `finally`, no `atexit`, no
handler runs, and a shutter stays open.

What does not work: a thread or a handler, for they die, too; a process that merely holds the other end of a pipe, for
a forked child may hold this end as well and the pipe never ends.

The solution. A process of its own (`guardian.py`), in a session of its own, so that neither Ctrl-C nor the end of a
terminal reaches it. It holds a list of armed actions. A pipe that ends and the death of this very process, whichever
comes first, have it do them all, once. An orderly end says goodbye before, and nothing is done. The rule for whoever
arms: `arm` returns when the guard is ready to act, so it comes before opening; `disarm` comes after closing. What is
armed without need does no harm; so whatever is interrupted, here or there, errs to that side.
"""

import atexit
import itertools
import json
import logging
import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from obtura.ground.errors import ObturaError, one_line

__all__ = ["Guard", "NoGuardError", "guard"]

log = logging.getLogger(__name__)

PATIENCE = 30.0
"""Seconds that the guard has to be ready to act; a library for a protocol may have to be loaded, a server found."""
FAREWELL = 2.0
"""Seconds that it has to go when this process ends."""


class NoGuardError(ObturaError, RuntimeError):
    """Nobody will act when this process dies; the message says why."""


class Guard:
    """The guard of this process. Its process is started with the first `arm`, and anew when it has died."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._numbers = itertools.count(1)
        self._armed: dict[int, dict[str, Any]] = {}
        self._process: subprocess.Popen[bytes] | None = None
        self._heard = b""

    @property
    def pid(self) -> int:
        """The process it is; 0: none was needed yet."""
        return 0 if self._process is None else self._process.pid

    def arm(
        self, name: str, action: Mapping[str, Any], ledger: Path | None = None, entry: str = "", wait: float = PATIENCE
    ) -> int:
        """Have `action` done when this process dies; returns when the guard is ready, with a number for `disarm`.

        `name`: what it is called in messages; `action`: a `SafeAction` as JSON has it; `ledger`, `entry`: where it is
        written down that the guard has acted.

        Raises:
            NoGuardError: the guard can't be started, can't do this, or is not ready within `wait` s.
        """
        with self._lock:
            number = next(self._numbers)
            path = [os.path.abspath(each) for each in sys.path if isinstance(each, str)]
            file = None if ledger is None else str(ledger.absolute())
            order = {"arm": number, "name": name, **action, "ledger": file, "entry": entry, "path": path}
            self._begin(wait)
            self._order(order, wait)
            self._armed[number] = order
            return number

    def disarm(self, number: int) -> None:
        """Have it not done any more; nothing happens when it is not armed."""
        with self._lock:
            self._armed.pop(number, None)
            try:
                self._send({"disarm": number})
            except NoGuardError as error:  # it has died, and with it what was armed
                log.warning("%s", error)

    def end(self) -> None:
        """Send the guard home; it does nothing. For the orderly end of this process."""
        with self._lock:
            process, self._process = self._process, None
            self._armed.clear()
            if process is None:
                return
            try:
                self._write(process, {"bye": True})
            except NoGuardError as error:
                log.warning("%s", error)
            _close(process)
            try:
                process.wait(FAREWELL)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def _forget(self) -> None:
        """In a forked child: the guard is the parent's."""
        inherited = self._process
        self.__init__()  # type: ignore[misc]
        if inherited is not None:
            _close(inherited)
            inherited.returncode = 0  # nobody here has to wait for it

    # -- the process ---------------------------------------------------------------------------------------

    def _begin(self, wait: float) -> None:
        """See that it runs. When it has died, the new one is told of all that is armed."""
        if self._process is not None and self._process.poll() is None:
            return
        if self._process is not None:
            log.warning("the guard (process %d) has died; another one is started", self._process.pid)
            _close(self._process)
        self._heard = b""
        if not sys.executable:
            raise NoGuardError("it is not known which program Python is here, so no second one can be started")
        paths = dict.fromkeys(os.path.abspath(each) for each in sys.path if isinstance(each, str))
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "obtura.works.guardian", str(os.getpid())],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env=os.environ | {"PYTHONPATH": os.pathsep.join(paths)},
                start_new_session=True,
            )
        except OSError as error:
            self._process = None
            raise NoGuardError(f"the guard can't be started: {one_line(error)}") from error
        for order in self._armed.values():
            try:
                self._order(order, wait)
            except NoGuardError as error:
                log.warning("there is no guard any more for %s: %s", order["name"], error)

    def _order(self, order: Mapping[str, Any], wait: float) -> None:
        """Send an order and wait until it is acknowledged."""
        self._send(order)
        limit = time.monotonic() + wait
        while (answer := self._answer(limit)) is not None:
            if answer["armed"] == order["arm"]:  # else a late one, which was given up
                if answer["error"]:
                    raise NoGuardError(answer["error"])
                return
        self._send({"disarm": order["arm"]})
        raise NoGuardError(f"the guard was not ready within {wait:g} s")

    def _answer(self, limit: float) -> dict[str, Any] | None:
        """The next answer; None: it did not come in time."""
        process = self._process
        assert process is not None and process.stdout is not None
        while b"\n" not in self._heard:
            ready, _, _ = select.select([process.stdout], [], [], max(limit - time.monotonic(), 0.0))
            if not ready:
                return None
            heard = os.read(process.stdout.fileno(), 65536)
            if not heard:
                raise NoGuardError("the guard has died")
            self._heard += heard
        line, _, self._heard = self._heard.partition(b"\n")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def _send(self, order: Mapping[str, Any]) -> None:
        if self._process is not None:
            self._write(self._process, order)

    def _write(self, process: subprocess.Popen[bytes], order: Mapping[str, Any]) -> None:
        assert process.stdin is not None
        try:
            process.stdin.write(json.dumps(order).encode() + b"\n")
            process.stdin.flush()
        except (OSError, ValueError) as error:
            raise NoGuardError(f"the guard has died: {one_line(error)}") from error


def _close(process: subprocess.Popen[bytes]) -> None:
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            try:
                pipe.close()
            except OSError as error:  # what was still to be sent to one that has died
                log.debug("%s", error)


def _leave() -> None:
    """The orderly end of this process. A Ctrl-C more has nothing left to end, and does not cut the goodbye short."""
    was = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        guard.end()
    finally:
        signal.signal(signal.SIGINT, was or signal.SIG_DFL)


guard = Guard()
atexit.register(_leave)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=guard._forget)
