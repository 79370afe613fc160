"""When viewers may be told of a point of a camera: once all of it is saved."""

from collections.abc import Callable, Sequence

from obtura.engine.outcome import Outcome
from obtura.ground.events import ChannelInfo, Event, Points, Row, ScanEnded, Text
from obtura.works.gate import PATIENCE

__all__ = ["WithFrames"]


class WithFrames:
    """The terms of the gate (see `works.gate`) of a scan whose frames are saved.

    A row, the scalars of a point, is announced once the frames of that point are safe, and a frame once it is. Savers
    have frames safe with their rows, so its spectra must have come, too. A row for which one never came goes out when
    the scan is left.
    """

    def __init__(self, channels: Sequence[ChannelInfo], outcome: Outcome) -> None:
        self._outcome = outcome
        self._ended = False
        self._frames = {index for index, info in enumerate(channels) if info.is_frame}
        self._came = dict.fromkeys(self._frames, 0)  # of what rows wait for
        self._rows: dict[int, _Rows] = {}  # by channel
        for branch in {info.branch for info in channels}:
            paced = {i: info for i, info in enumerate(channels) if info.branch == branch and info.per_point}
            rows = _Rows(
                {index: 0 for index, info in paced.items() if not info.shape},
                [index for index, info in paced.items() if info.shape],
            )
            if self._frames.intersection(rows.arrays):
                self._rows.update(dict.fromkeys(rows.counts, rows))
                self._came.update(dict.fromkeys(rows.arrays, 0))

    def of(self, event: Event) -> Callable[[], bool] | None:
        """What a point waits for; nothing else waits by itself."""
        if type(event) is Row:
            waits = [self._of(points) for points in event.points]
            return next((wait for wait in reversed(waits) if wait is not None), None)  # of the last row it completes
        if type(event) is not Points:
            self._ended = self._ended or type(event) is ScanEnded
            return None
        return self._of(event)

    def _of(self, event: Points) -> Callable[[], bool] | None:
        received = event.first + len(event.values)
        if event.channel in self._came:
            self._came[event.channel] = received
            return _at_once if event.channel in self._frames else None
        rows = self._rows.get(event.channel)
        if rows is None or not rows.takes(event.channel, received):
            return None
        count, arrays = rows.complete, rows.arrays
        return lambda: self._is_left or all(self._came[index] >= count for index in arrays)

    @property
    def _is_left(self) -> bool:
        return self._ended or self._outcome.cutting

    def late(self, complete: bool) -> Event:
        """Why rows are shown before their frames are safe."""
        what = "the frames were not saved" if complete else "the frames or spectra of a point have not come"
        return Text("stderr", f"!!! {what} within {PATIENCE:g} s: what follows is shown before they are safe\n")


class _Rows:
    """The rows of a branch. `counts`: the points of its scalars; `complete`: of how many all have come.

    `arrays`: its other channels, spectra and frames.
    """

    def __init__(self, counts: dict[int, int], arrays: list[int]) -> None:
        self.counts = counts
        self.arrays = arrays
        self.complete = 0

    def takes(self, channel: int, received: int) -> bool:
        """Note the points of a channel; whether they complete rows."""
        self.counts[channel] = received
        before, self.complete = self.complete, min(self.counts.values())
        return self.complete > before


def _at_once() -> bool:
    return True
