"""The presets beside the one under test: they do nothing, and each of their calls can go wrong."""

from collections.abc import Iterator
from typing import Any

from obtura.contracts.presets import ChainIterationPreset, ChainPreset, ScanPreset

__all__ = ["OverEachPoint", "SiblingOfAChain", "SiblingOfAPoint", "SiblingOfAScan"]


class SiblingOfAScan(ScanPreset):
    """Around a scan."""

    def prepare(self, scan: Any) -> None: ...

    def start(self, scan: Any) -> None: ...

    def stop(self, scan: Any) -> None: ...


class SiblingOfAPoint(ChainIterationPreset):
    """Around a point."""

    def prepare(self) -> None: ...

    def start(self) -> None: ...

    def stop(self) -> None: ...


class SiblingOfAChain(ChainPreset):
    """Around a top-master, and by its `point` around each point."""

    def __init__(self) -> None:
        self.point = SiblingOfAPoint()

    def get_iterator(self, acq_chain: Any) -> Iterator[ChainIterationPreset]:
        while True:
            yield self.point

    def prepare(self, acq_chain: Any) -> None: ...

    def start(self, acq_chain: Any) -> None: ...

    def before_stop(self, acq_chain: Any) -> None: ...

    def stop(self, acq_chain: Any) -> None: ...


class OverEachPoint(ChainPreset):
    """Yields the iteration preset under test at each point."""

    def __init__(self, preset: ChainIterationPreset) -> None:
        self._preset = preset

    def get_iterator(self, acq_chain: Any) -> Iterator[ChainIterationPreset]:
        while True:
            yield self._preset
