"""What a session tells its scans: their number, who saves and shows them, where every axis is."""

import itertools
import logging
import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from obtura.contracts.consumers import Consumer, Surroundings
from obtura.contracts.devices import Movable
from obtura.data.lock import account
from obtura.data.saver import HDF5Saver
from obtura.data.saving import ScanSaving
from obtura.display.terminal import TerminalDisplay
from obtura.ground.events import Position

__all__ = ["Home"]

log = logging.getLogger(__name__)


class Home(Surroundings):
    """The surroundings of a session's scans.

    `axes` gives the axes whose positions are kept with the data; with `display`, scans are shown in the terminal.
    """

    def __init__(
        self,
        name: str,
        scan_saving: ScanSaving,
        axes: Callable[[], Iterable[Movable]],
        display: bool,
        keep: Callable[[Any], None],
    ) -> None:
        self._name = name
        self._scan_saving = scan_saving
        self._axes = axes
        self._display = display
        self._keep = keep
        self._unsaved = itertools.count(1)
        self.makers: list[Callable[[], Consumer]] = []

    def _saving(self, scan_saving: Any) -> ScanSaving:
        return self._scan_saving if scan_saving is None else scan_saving

    def number(self, name: str, save: bool, scan_saving: Any) -> int:
        """Saved scans count on in their file, the others on their own."""
        return self._saving(scan_saving).next_number() if save else next(self._unsaved)

    def consumers(self, save: bool, scan_saving: Any) -> list[Consumer]:
        """A saver for a saved scan, what the user has added, a display where one was asked for."""
        savers: list[Consumer] = [HDF5Saver(self._saving(scan_saving))] if save else []
        added = [make() for make in self.makers]
        return [*savers, *added, *([TerminalDisplay()] if self._display else [])]

    def scan_info(self, save: bool, scan_saving: Any) -> dict[str, Any]:
        """Session, user and file."""
        filename = str(self._saving(scan_saving).filename) if save else None
        return {"session_name": self._name, "user_name": account(), "filename": filename}

    def positions(self) -> Mapping[str, Position]:
        """Where every axis is; NaN for one that does not answer."""
        return {axis.name: Position(_position(axis), axis.unit) for axis in self._axes()}

    def finished(self, scan: Any) -> None:
        """Keep it for `SCANS`."""
        self._keep(scan)


def _position(axis: Movable) -> float:
    try:
        axis.check()
        return float(axis.position)
    except Exception as error:  # noqa: BLE001 - a dead axis that the scan does not use must not stop it
        log.warning("position of %s is not known: %s", axis.name, error)
        return math.nan
