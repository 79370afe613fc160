"""The PVs of one device by short names, with what was said over them."""

import time
from collections import deque
from collections.abc import Mapping, Sequence

from obtura.contracts.connections import Exchange
from obtura.contracts.looking import check_may_be_told
from obtura.ground.errors import DeviceError, one_line
from obtura.instruments.epics.link import TIMEOUT, Answer, Link, read_all
from obtura.works.clock import clock

__all__ = ["PVs"]

KEPT = 200
"""So many exchanges are kept."""


class PVs:
    """The PVs of one device. `names`: by a short name each; `timeout`: s that a server has to be found, to answer."""

    def __init__(self, device: str, names: Mapping[str, str], timeout: float = TIMEOUT) -> None:
        self.device = device
        self.timeout = timeout
        self._links = {name: Link(device, pv, timeout) for name, pv in names.items()}
        self._exchanges: deque[Exchange] = deque(maxlen=KEPT)
        self._last_error = ""

    def __getitem__(self, name: str) -> Link:
        return self._links[name]

    def __contains__(self, name: str) -> bool:
        return name in self._links

    @property
    def links(self) -> Sequence[Link]:
        """All of them, each once."""
        return list(self._links.values())

    # -- what is said ---------------------------------------------------------------------------------------

    def read(self, operation: str, *names: str) -> list[float]:
        """The present values of several, asked for together; each must be a valid number."""
        asked = f"read {', '.join(self._links[name].name for name in names)}"
        began = time.monotonic()
        try:
            values = read_all([self._links[name] for name in names], operation)
        except DeviceError as error:
            self.note(asked, began, error=error)
            raise
        self.note(asked, began, ", ".join(f"{value:.9g}" for value in values))
        return values

    def number(self, operation: str, name: str) -> float:
        """The present value of one."""
        return self.read(operation, name)[0]

    def text(self, operation: str, name: str) -> str:
        """The present value of one as text: the name of an enum's state, or what an array of characters says."""
        began, link = time.monotonic(), self._links[name]
        try:
            text = link.read_text(operation)
        except DeviceError as error:
            self.note(f"read {link.name}", began, error=error)
            raise
        self.note(f"read {link.name}", began, text)
        return text

    def check_writable(self, *names: str) -> None:
        """Raise `DeviceError` unless these are connected and may be put to."""
        for name in names:
            self._links[name].check_writable("")

    def put(self, operation: str, name: str, value: float | str, confirm: bool = True) -> Answer:
        """Put and return; `finish` waits until it was processed.

        Raises:
            DeviceError: it is not connected, may not be put to, or this process only looks.
        """
        began, link = time.monotonic(), self._links[name]
        try:
            check_may_be_told(self.device, operation)
            answer = link.put(value, operation, confirm)
        except DeviceError as error:
            self.note(f"put {link.name} {value}", began, error=error)
            raise
        self.note(f"put {link.name} {value}", began)
        return answer

    def tell(self, operation: str, **values: float | str) -> None:
        """Put one after the other; each is processed before the next is put."""
        for name, value in values.items():
            self.finish(self.put(operation, name, value), name)

    def finish(self, answer: Answer, name: str) -> None:
        """Return when a put was processed; raise `DeviceError` when that is not within `timeout`."""
        began = time.monotonic()
        try:
            answer.wait(clock.time() + self.timeout)
        except DeviceError as error:
            self.note(f"confirm {self._links[name].name}", began, error=error)
            raise

    def note(self, sent: str, began: float, answer: str = "", error: DeviceError | None = None) -> None:
        """Keep what was said. `began`: as `time.monotonic` had it."""
        took, problem = time.monotonic() - began, "" if error is None else one_line(error)
        self._last_error = problem or self._last_error
        if self._exchanges and self._exchanges[-1][2:] == (sent, answer, problem):  # it was looked at again
            self._exchanges.pop()
        self._exchanges.append(Exchange(clock.epoch() - took, took, sent, answer, problem))

    # -- what it tells of itself ------------------------------------------------------------------------------

    @property
    def connection(self) -> str:
        """Which PVs are connected, since when, and what went wrong last. Asks nobody."""
        lost = [link for link in self._links.values() if not link.connected]
        if not lost:
            first, *others = self._links.values()
            told = f"EPICS: PV {first.name}{f' and {len(others)} more' if others else ''} {first.state}"
        else:
            told = f"EPICS: {len(lost)} of {len(self._links)} PVs not there: PV {lost[0].name} {lost[0].state}"
        return told + (f"; last error: {self._last_error}" if self._last_error else "")

    @property
    def trace(self) -> Sequence[Exchange]:
        """What was said last. Asks nobody."""
        return list(self._exchanges)
