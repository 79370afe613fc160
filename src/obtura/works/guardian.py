"""The process of the guard: `python -m obtura.works.guardian PID`. See `guard.py`, which starts it and talks to it.

Orders come as JSON lines on standard input: `arm`, `disarm`, `bye`; each `arm` is answered on standard output. It
loads next to nothing until an action is armed that needs more.
"""

import importlib
import json
import os
import select
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from obtura.ground.errors import one_line
from obtura.works.ledger import Ledger

__all__ = ["Guardian", "main", "ready_to_do"]

POLL = 0.1
"""Seconds between two looks for the parent, where the system does not tell of its death."""
DEADLINE = 30.0
"""Seconds that the actions have together."""

_DEAF = ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGPIPE")
"""Signals that may be meant for the process it guards, and go to a whole group or service."""


class Guardian:
    """Guards the process `engine`: `orders` and `answers` are descriptors of the pipes to it."""

    def __init__(self, engine: int, orders: int, answers: int) -> None:
        self._engine = engine
        self._orders = orders
        self._answers = answers
        self._heard = b""
        self._heard_all = False
        self._armed: dict[int, Mapping[str, Any]] = {}
        self._made: dict[str, Callable[[], object]] = {}  # ready to be done, by what it is

    def run(self) -> None:
        """Return when the process has ended, and what was armed is done."""
        death = _death_of(self._engine)
        watched = [self._orders] if death is None else [self._orders, death]
        while True:
            ready, _, _ = select.select(watched, [], [], POLL if death is None else None)
            dead = death in ready or os.getppid() != self._engine
            for order in self._heard_now(dead):
                if "bye" in order:
                    return
                self._take(order)
            if dead or self._heard_all:
                self._act()
                return

    # -- orders -------------------------------------------------------------------------------------------

    def _heard_now(self, dead: bool) -> Iterator[dict[str, Any]]:
        """Whole orders. Those of a dead process are in the pipe to the last, and it may never end: see `guard.py`."""
        while select.select([self._orders], [], [], 0)[0]:
            heard = os.read(self._orders, 65536)
            self._heard_all = not heard
            self._heard += heard
            if not (heard and dead):
                break
        *lines, self._heard = self._heard.split(b"\n")
        return map(json.loads, lines)

    def _take(self, order: dict[str, Any]) -> None:
        if "disarm" in order:
            self._armed.pop(order["disarm"], None)
            return
        self._armed[order["arm"]] = order
        if _what(order) in self._made:
            self._answer(order["arm"])
        else:  # it may take long: what is armed already must not wait for it
            threading.Thread(target=self._make, args=(order,), daemon=True).start()

    def _make(self, order: Mapping[str, Any]) -> None:
        try:
            sys.path += [each for each in order["path"] if each not in sys.path]
            self._made[_what(order)] = ready_to_do(order["function"], order["arguments"])
        except BaseException as error:  # noqa: BLE001 - whatever a module raises when it is imported
            self._armed.pop(order["arm"], None)
            self._answer(order["arm"], one_line(error))
        else:
            self._answer(order["arm"])

    def _answer(self, number: int, error: str = "") -> None:
        try:
            os.write(self._answers, json.dumps({"armed": number, "error": error}).encode() + b"\n")
        except OSError as gone:  # nobody listens any more: that is noticed elsewhere
            _tell(f"no answer to order {number}: {one_line(gone)}")

    # -- the end ------------------------------------------------------------------------------------------

    def _act(self) -> None:
        """Do everything that is armed, each once, all at the same time: one that hangs holds up no other."""
        orders: dict[str, list[Mapping[str, Any]]] = {}
        for order in tuple(self._armed.values()):
            if _what(order) in self._made:  # else it was never acknowledged, and nothing was opened
                orders.setdefault(_what(order), []).append(order)
        threads = {what: threading.Thread(target=self._do, args=(what, same)) for what, same in orders.items()}
        limit = time.monotonic() + DEADLINE
        for thread in threads.values():
            thread.daemon = True
            thread.start()
        for what, thread in threads.items():
            thread.join(max(limit - time.monotonic(), 0.0))
            if thread.is_alive():
                self._note(orders[what], f"it has not answered within {DEADLINE:g} s")

    def _do(self, what: str, orders: list[Mapping[str, Any]]) -> None:
        failed = ""
        try:
            self._made[what]()
        except BaseException as error:  # noqa: BLE001 - a driver may raise anything; it is written down
            failed = one_line(error)
        self._note(orders, failed)

    def _note(self, orders: list[Mapping[str, Any]], failed: str) -> None:
        name = orders[0]["name"]
        said = f"{name} failed: {failed}" if failed else f"{name} done"
        _tell(f"process {self._engine} has died: {said}")
        keys: dict[str, list[str]] = {}
        for order in orders:
            if order["ledger"]:
                keys.setdefault(order["ledger"], []).append(order["entry"])
        for path, entries in keys.items():
            try:
                Ledger(Path(path)).guarded(entries, failed)
            except OSError as error:
                _tell(f"{path} can't be written: {one_line(error)}")


def _what(order: Mapping[str, Any]) -> str:
    """What is to be done: armed twice, it is done once."""
    return json.dumps([order["function"], order["arguments"]], sort_keys=True)


def ready_to_do(function: str, arguments: Mapping[str, Any]) -> Callable[[], object]:
    """The function of a `SafeAction`, to be called when it is time; an object of a class is made now."""
    module, _, name = function.partition(":")
    made: Any = importlib.import_module(module)
    for part in name.split("."):
        made = getattr(made, part)
    ready: Callable[..., object] = made(**arguments) if isinstance(made, type) else made
    if not callable(ready):
        raise TypeError(f"{function} can't be called")
    return ready if isinstance(made, type) else partial(ready, **arguments)


def _death_of(process: int) -> int | None:
    """What becomes readable when the process dies, where the system (Linux) has this."""
    try:
        return os.pidfd_open(process)
    except (AttributeError, OSError):
        return None


def _tell(text: str) -> None:
    try:
        os.write(2, f"obtura guard: {text}\n".encode())
    except OSError:
        return  # the terminal is gone; the ledger says it


def main() -> None:
    """Guard the parent until it ends."""
    for name in _DEAF:
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    answers = os.dup(1)
    try:
        os.fstat(2)
    except OSError:  # who started it has closed its own
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    os.dup2(2, 1)  # a module that prints when it is imported must not print among the answers
    Guardian(int(sys.argv[1]), 0, answers).run()
    os._exit(0)  # a driver's thread that hangs is no reason to stay


if __name__ == "__main__":
    main()
