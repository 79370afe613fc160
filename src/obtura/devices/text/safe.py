"""A command that another process says when this one has died."""

import re
import time
from collections.abc import Mapping
from typing import Any

from obtura.contracts.safety import SafeAction
from obtura.devices.text.answers import Question
from obtura.devices.text.instrument import TextInstrument
from obtura.devices.text.line import line_to
from obtura.devices.text.transport import shown
from obtura.ground.errors import DeviceError

__all__ = ["Tell", "told_from_elsewhere"]

PAUSE = 0.1


class Tell:
    """Says `command` when it is called, and waits until the answer to `status` is `answer`.

    It connects then, and no sooner: many instruments let in one client only, and on a serial port two would take each
    other's answers. `instrument`: how it is reached and spoken to.
    """

    def __init__(
        self, instrument: Mapping[str, Any], command: str, status: Mapping[str, Any] | None, answer: str
    ) -> None:
        speech = dict(instrument)
        self._instrument = TextInstrument("guard", line=line_to(**speech.pop("line")), **speech)
        self._command = command
        self._status = None if status is None else Question(**status)
        self._answer = answer

    def __call__(self) -> None:
        """Say it; returns when it has been followed. Whoever has died may still be connected: it is tried again."""
        limit = time.monotonic() + 2 * self._instrument.timeout
        while True:
            try:
                self._say()
                return
            except DeviceError:
                if time.monotonic() >= limit:
                    raise
                time.sleep(PAUSE)

    def _say(self) -> None:
        try:
            self._instrument.command(self._command)
            if self._status is not None:
                said = self._status.text(self._instrument.query(self._status.query, self._status.timeout))
                if not re.fullmatch(self._answer, said):
                    raise DeviceError(f"{self._instrument.line.address}: after {self._command!r} it says {shown(said)}")
        finally:
            self._instrument.close()


def told_from_elsewhere(instrument: TextInstrument, command: str, status: Question | None, answer: str) -> SafeAction:
    """The same command to the same instrument.

    Raises:
        UsageError: no other process can reach it.
    """
    speech = {key: getattr(instrument.manners, key) for key in ("timeout", "answer", "acknowledge", "complete")}
    asked = (
        None
        if status is None
        else {
            "query": status.query,
            "pattern": status.pattern,
            "split": status.split,
            "index": status.index,
            "timeout": status.timeout,
        }
    )
    described = {"line": instrument.line.described(), **speech}
    arguments = {"instrument": described, "command": command, "status": asked, "answer": answer}
    return SafeAction(f"{__name__}:{Tell.__name__}", arguments)
