"""Points that are taken again: a preset may ask for that when a point is done, see `ChainPreset.retake`.

Until then nobody knows whether the point counts, so what the channels of the branch emit is held back: it goes where
points go when the point is accepted, and into an `Attempt` of the record when it is not. Calculated channels follow
their sources at once; what they emit is held back with the rest. Scans without such a preset have none of this.
"""

import threading
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from obtura.contracts.acquisition import AcquisitionMaster, AcquisitionObject
from obtura.engine.plan import paces
from obtura.ground.channels import AcquisitionChannel, Block, Sink
from obtura.ground.errors import UsageError
from obtura.ground.events import Attempt, Event
from obtura.works.clock import clock
from obtura.works.interrupt import doors
from obtura.works.record import Record

__all__ = ["LEFT", "Attempts", "judges"]

LEFT = "the scan was left before it was accepted"
"""Why an attempt was not kept that nobody has judged."""


class _Held(NamedTuple):
    number: int
    channel: AcquisitionChannel
    block: Block
    target: Sink


class Attempts:
    """Holds back the points of one branch until its `judges`, presets, accept them. `say` shows a line."""

    def __init__(self, branch: int, judges: list[Any], record: Record[Event], say: Callable[[str], None]) -> None:
        self.judges = judges
        self.count = 0
        """How many attempts at the present point there were before."""
        self._branch = branch
        self._record = record
        self._say = say
        self._lock = threading.Lock()
        self._held: list[_Held] = []

    def sink(self, number: int, target: Sink) -> Sink:
        """What channel `number` emits into: it goes on to `target` when it is accepted."""

        def take(channel: AcquisitionChannel, block: Block) -> None:
            was = doors.shut()
            with self._lock:
                self._held.append(_Held(number, channel, block, target))
            doors.reopen(was)

        return take

    def accept(self) -> None:
        """Let the points go on, in the order in which they came."""
        for held in self._taken():
            held.target(held.channel, held.block)
        self.count = 0

    def reject(self, point: int, reason: str, ends: bool) -> None:
        """Keep them out of the data. `ends`: the scan ends, the point is not taken again."""
        self._write(point, reason)
        self._say(f"point {point} is {'not kept' if ends else 'taken again'}: {reason}")
        self.count += 1

    def leave(self, point: int) -> None:
        """The branch is being left; what nobody has judged is no point."""
        if self._held:
            self._write(point, LEFT)

    def _taken(self) -> list[_Held]:
        with self._lock:
            held, self._held = self._held, []
        return held

    def _write(self, point: int, reason: str) -> None:
        values: dict[int, list[Block]] = {}
        for held in self._taken():
            if len(held.channel.shape) < 2:  # frames are too large to be kept for nothing
                values.setdefault(held.number, []).append(held.block)
        blocks = {number: tuple(blocks) for number, blocks in values.items()}
        self._record.write(Attempt(self._branch, point, self.count, clock.time(), reason, blocks))


def judges(presets: Sequence[Any], top: AcquisitionMaster) -> list[Any]:
    """Those presets of a branch that may ask for a point to be taken again.

    Raises:
        UsageError: its points can't be: an iteration is several points, or a device is armed for the whole scan.
    """
    found = [preset for preset in presets if preset.retakes]
    if found:
        _check(type(found[0]).__name__, top)
    return found


def _check(name: str, top: AcquisitionMaster) -> None:
    pace = paces(top)
    if max(pace.values()) > 1:
        raise UsageError(
            f"{name} may have a point taken again, and {top.name} takes {max(pace.values())} points in one pass: "
            "use it in scans that step"
        )
    armed = [node.name for node in pace if _is_armed_for_all(node)]
    if armed:
        raise UsageError(
            f"{name} may have a point taken again, and {', '.join(armed)} can't: prepared or started once, "
            "for the whole scan (prepare_once, start_once)"
        )


def _is_armed_for_all(node: AcquisitionObject) -> bool:
    return (node.prepare_once or node.start_once) and not node.is_repeatable
