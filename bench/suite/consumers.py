"""Who reads a scan: a table, a journal, a file, everything. The scan is over when all of it is on disk."""

from collections.abc import Callable, Sequence
from typing import Any

from bench.cases import Trial, case
from bench.floors import bare_loop
from bench.lab import Lab
from obtura.contracts.presets import ScanPreset
from obtura.data.documents.live import EventDocuments
from obtura.data.saver import HDF5Saver
from obtura.display.terminal import TerminalDisplay
from obtura.ground.events import Event, Points, Row

POINTS = 10_000
"""So many that the beginning and the end of the file, a case of its own, hardly count."""


class JournalOnly(HDF5Saver):
    """Writes the journal as any saver; no point goes into the file."""

    def receive(self, events: Sequence[Event]) -> None:
        super().receive([event for event in events if not isinstance(event, Points | Row)])


class Watching(ScanPreset):
    """Has a callback called with the new points of a counter."""

    def __init__(self, counter: Any) -> None:
        self._counter = counter

    def prepare(self, scan: Any) -> None:
        self.connect_data_channels([self._counter], lambda counter, name, data: None)


def table_into(lab: Lab) -> Callable[[], TerminalDisplay]:
    """Who shows scans, in a file."""
    file = lab.enter((lab.directory / "table.txt").open("w", encoding="utf-8"))
    return lambda: TerminalDisplay(file)


@case("consumers/table", "loopscan, table shown")
def table(lab: Lab) -> Trial:
    lab.listen(table_into(lab))
    return _loopscans(lab, save=False)


@case("consumers/journal", "loopscan, journal written")
def journal(lab: Lab) -> Trial:
    lab.listen(lambda: JournalOnly(lab.session.scan_saving))
    return _loopscans(lab, save=False)


@case("consumers/hdf5", "loopscan, journal and HDF5 written")
def saved(lab: Lab) -> Trial:
    return _loopscans(lab, save=True)


@case("consumers/saved", "loopscan, journal and HDF5 written, table shown", budget=120)
def saved_and_shown(lab: Lab) -> Trial:
    lab.listen(table_into(lab))
    return _loopscans(lab, save=True)


@case("consumers/everything", "the same, and event documents, and a callback of a preset")
def everything(lab: Lab) -> Trial:
    lab.listen(table_into(lab))
    lab.listen(lambda: EventDocuments(lambda name, document: None))
    lab.session.add_preset(Watching(lab.counter))
    return _loopscans(lab, save=True)


def _loopscans(lab: Lab, save: bool) -> Trial:
    return Trial(
        lambda count: lab.session.loopscan(count, 0, lab.counter, save=save),
        bare_loop([lab.counter]),
        count=POINTS,
    )
