"""What a session tells its scans: their number, who saves and shows them, where every axis is."""

import itertools
import logging
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from obtura.contracts.acquisition import MetaTiming
from obtura.contracts.consumers import Consumer, Facts, Surroundings
from obtura.contracts.devices import Movable
from obtura.data.lock import account
from obtura.data.master import entry_names
from obtura.data.saver import HDF5Saver
from obtura.data.saving import ScanSaving
from obtura.display.terminal import TerminalDisplay
from obtura.engine.history import History
from obtura.ground.errors import one_line
from obtura.ground.events import Position
from obtura.session.aliases import Aliases
from obtura.session.groups import Groups
from obtura.session.logfile import scans_are_logged
from obtura.session.manner import PLAIN
from obtura.session.scan_log import ScanLog
from obtura.session.scan_meta import ScanMeta

__all__ = ["Home"]

log = logging.getLogger(__name__)


class Home(Surroundings):
    """The surroundings of a session's scans.

    `axes` gives the axes whose positions are kept with the data; with `display`, scans are shown in the terminal.
    `groups` say what is counted by default, `aliases` what columns are called; `texts`: the session's YAML.
    """

    def __init__(
        self,
        name: str,
        scan_saving: ScanSaving,
        axes: Callable[[], Iterable[Movable]],
        display: bool,
        groups: Groups,
        aliases: Aliases,
        texts: tuple[tuple[str, str], ...] = (),
    ) -> None:
        self._name = name
        self._scan_saving = scan_saving
        self._axes = axes
        self._display = display
        self._groups = groups
        self._aliases = aliases
        self._texts = texts
        self._unsaved = itertools.count(1)
        self.makers: list[Callable[[], Consumer]] = []
        self.listeners: list[Callable[[Any], object]] = []
        self.scan_meta = ScanMeta()
        self.history = History()
        self.manner = PLAIN

    def _saving(self, scan_saving: Any) -> ScanSaving:
        return self._scan_saving if scan_saving is None else scan_saving

    def number(self, name: str, save: bool, scan_saving: Any) -> int:
        """Saved scans count on in their file, the others on their own."""
        return self._saving(scan_saving).next_number() if self._saves(save) else next(self._unsaved)

    def _saves(self, save: bool) -> bool:
        """A look leaves nothing behind, least of all among the data of those who measure."""
        return save and not self.manner.read_only

    def consumers(self, save: bool, scan_saving: Any) -> list[Consumer]:
        """A saver for a saved scan, what the user has added, a display and the log file where these were asked for.

        The log file comes last: what it has to say is then shown.
        """
        savers: list[Consumer] = [HDF5Saver(self._saving(scan_saving))] if self._saves(save) else []
        added = [make() for make in self.makers]
        shown = [TerminalDisplay()] if self._display else []
        return [*savers, *added, *shown, *([ScanLog()] if scans_are_logged() else [])]

    def scan_info(self, save: bool, scan_saving: Any) -> dict[str, Any]:
        """Session, user and file; `manner`, when devices are simulated or only asked."""
        filename = str(self._saving(scan_saving).filename) if self._saves(save) else None
        how = {"manner": self.manner.words} if self.manner.words else {}
        return {"session_name": self._name, "user_name": account(), "filename": filename, **how}

    def positions(self) -> Mapping[str, Position]:
        """Where every axis is; NaN for one that does not answer."""
        return {self._aliases.of(axis) or axis.name: Position(_position(axis), axis.unit) for axis in self._axes()}

    def configuration(self) -> tuple[tuple[str, str], ...]:
        """The files of YAML of the beamline."""
        return self._texts

    def metadata_timing(self) -> MetaTiming:
        """When the categories of SCAN_META have anything to say."""
        return self.scan_meta.timing

    def metadata(self, timing: MetaTiming, scan: Any) -> tuple[Facts, Facts]:
        """What SCAN_META says, by category; nothing for a `ct`."""
        return {}, ({} if scan.scan_info.get("type") == "ct" else self.scan_meta.facts(timing, scan))

    def entries(self, number: int) -> tuple[str, tuple[str, ...]]:
        """The entries of a scan in the present file."""
        filename = self._scan_saving.filename
        names = entry_names(Path(filename))
        return filename, tuple(name for name in names if name.partition(".")[0] == str(number))

    def dead_time(self, devices: str) -> float:
        """As in the scans before."""
        return self.history.dead_time(devices)

    def learn(self, devices: str, seconds: float) -> None:
        """Remember it."""
        self.history.learn(devices, seconds)

    def default_counters(self) -> Sequence[Any]:
        """The active measurement group."""
        return self._groups.default_counters()

    def channel_name(self, name: str) -> str:
        """With the alias of its axis or counter."""
        return self._aliases.renamed(name)

    def tell(self, text: str) -> None:
        """Print a line where scans are shown."""
        if self._display:
            print(text)

    def finished(self, scan: Any) -> None:
        """Log it; its first error is raised, so it is logged by whoever catches it."""
        info, (first, *later) = scan.scan_info, scan.errors or (None,)
        title, where = info.get("title") or scan.name, info.get("filename") or "not saved"
        ended = scan.state.name if first is None else f"{scan.state.name}, {one_line(first)}"
        log.info("scan %s: %s: %s; %s", scan.scan_number, title, ended, where)
        for error in later:
            log.error("then in scan %s: %s", scan.scan_number, one_line(error), exc_info=error)
        for listener in self.listeners:
            listener(scan)


def _position(axis: Movable) -> float:
    try:
        axis.check()
        return float(axis.position)
    except Exception as error:  # noqa: BLE001 - a dead axis that the scan does not use must not stop it
        log.warning("position of %s is not known: %s", axis.name, error)
        return math.nan
