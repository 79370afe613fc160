"""A detector cover that is out while the scan runs."""

from obtura.contracts.devices import TwoWay
from obtura.presets.anylevel import AnyLevelPreset, Say, require

__all__ = ["DetectorCoverPreset"]


class DetectorCoverPreset(AnyLevelPreset):
    """Takes a detector cover out before anything is prepared, and puts it in afterwards, whatever happened.

    With `per_point`, before and after each point. A detector that does not measure is covered: the cover is
    put in also when it was found out.
    """

    def __init__(self, cover: TwoWay, per_point: bool = False) -> None:
        require(self, "a cover", cover, "set_in", "set_out")
        self.cover = cover
        self.per_point = per_point

    def set_up(self, say: Say) -> None:
        """Take it out."""
        self.cover.set_out()

    def put_back(self) -> None:
        """Put it in."""
        self.cover.set_in()
