"""Who reads the record of a run: savers and viewers; opened before anything moves, closed when everything is left."""

import logging
import math
from collections.abc import Callable, Sequence

from obtura.contracts.consumers import Consumer, Say
from obtura.engine.announcing import WithFrames
from obtura.engine.datapath import DataPath
from obtura.engine.draining import drain
from obtura.engine.frames import BEHIND
from obtura.engine.outcome import Outcome
from obtura.engine.timing import BEHIND as SAVER
from obtura.engine.vigil import Vigil
from obtura.engine.witness import witnessing
from obtura.ground.errors import one_line
from obtura.ground.events import Event, ScanBegan, unfolded
from obtura.works.errands import Timekeeper
from obtura.works.reader import Reader
from obtura.works.record import Record

__all__ = ["Audience"]

log = logging.getLogger(__name__)

BACKLOG = 50_000
"""Events a saver may be behind before the scan waits for it."""


class Audience:
    """The consumers of one run and their readers. A saver, one that is `essential`, is waited for; a viewer is not."""

    def __init__(
        self, record: Record[Event], outcome: Outcome, data: DataPath, vigil: Vigil, keeper: Timekeeper
    ) -> None:
        self._record = record
        self._outcome = outcome
        self._data = data
        self._vigil = vigil
        self._keeper = keeper
        self._consumers: list[Consumer] = []
        self._readers: list[tuple[Reader[Event], bool]] = []  # and whether its receiver is essential
        self._savers: list[Reader[Event]] = []
        self._own: list[Reader[Event]] = []

    def __bool__(self) -> bool:
        return bool(self._consumers)

    def open(self, consumers: Sequence[Consumer], began: ScanBegan, say: Say) -> None:
        """Open them one after the other; when one refuses, those that are open learn of the end too."""
        for consumer in consumers:
            self._consumers.append(consumer)
            failed = self._on_failure(consumer)
            # before it opens: it may capture what is printed
            reader = self._record.enlist(consumer, failed, began, follows=not consumer.essential)
            with self._keeper.over(f"{consumer.name}: open", consumer):
                consumer.open(began, say)
            if consumer.essential and consumer.takes_frames:
                self._record.guard(reader, WithFrames(self._data.infos, self._outcome))
            reader.unfold = None if consumer.takes_rows else unfolded
            room = (math.inf if consumer.essential else BEHIND) if consumer.takes_frames else 0
            witness = witnessing(consumer, failed) if consumer.witnesses else None
            self._record.begin(reader, room, witness, at_once=not consumer.essential)  # short scans are written once
            self._readers.append((reader, consumer.essential))
            self._savers += [reader] if consumer.essential else []
            self._data.ask_for_frames(consumer)

    def attach(self, reader: Reader[Event]) -> None:
        """One of the engine's own, which hears of the end before that is closed."""
        self._readers.append((reader, False))
        self._own.append(reader)

    def _on_failure(self, consumer: Consumer) -> Callable[[BaseException], None]:
        def failed(error: BaseException) -> None:
            if consumer.essential:
                self._outcome.fail(error, f"in {consumer.name}")
            else:
                log.warning("%s was detached, the scan goes on: %s", consumer.name, one_line(error), exc_info=error)

        return failed

    def catch_up(self) -> None:
        """Between two points the scan may wait for a saver that is behind."""
        for reader in self._savers:
            if len(reader.mailbox) > BACKLOG or reader.load > BEHIND:
                self._vigil.say(f"waiting for {reader.receiver.name}")
                words = f"{reader.receiver.name} to write {reader.backlog} events"
                with self._vigil.over(words), self._keeper.over(SAVER):
                    reader.drained(self._outcome.check)

    def finish_saving(self) -> None:
        """The end is written: wait until it is saved."""
        for reader, essential in self._readers:
            if essential or reader in self._own:
                self._drain(reader, essential)

    def close(self) -> None:
        """The last event is written: wait for all, then close them, the last first."""
        for reader, essential in self._readers:
            self._drain(reader, essential)
        self._record.close()
        self._data.settle()
        for consumer in reversed(self._consumers):
            with self._keeper.over(f"{consumer.name}: close", consumer):
                self._outcome.attempt(self._close, consumer)

    def _drain(self, reader: Reader[Event], essential: bool) -> None:
        receiver = reader.receiver
        with self._keeper.over(f"{receiver.name}: finish", receiver if isinstance(receiver, Consumer) else None):
            self._outcome.attempt(drain, reader, essential, self._vigil.say)

    def _close(self, consumer: Consumer) -> None:
        """Close it; a saver that was given up when it is done, if ever: it is in the middle of a file."""
        reader = next((each for each, _ in self._readers if each.receiver is consumer), None)
        if reader is None or not (reader.given_up and consumer.essential):
            consumer.close()
            return

        def late() -> None:
            try:
                consumer.close()
            except Exception as error:
                log.error("%s, which was given up, ended with: %s", consumer.name, one_line(error), exc_info=error)

        reader.at_end(late)
