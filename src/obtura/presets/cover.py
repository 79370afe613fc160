"""A detector cover that is out while the scan runs."""

from obtura.contracts.devices import TwoWay
from obtura.contracts.safety import SafeAction, action_of
from obtura.presets.anylevel import AnyLevelPreset, Say, require

__all__ = ["DetectorCoverPreset"]


class DetectorCoverPreset(AnyLevelPreset):
    """Takes a detector cover out before anything is prepared, and puts it in afterwards, whatever happened.

    With `per_point`, before and after each point. A detector that does not measure is covered: the cover is
    put in also when it was found out. With `safety` also when this process dies, as for a `ShutterPreset`.
    """

    def __init__(self, cover: TwoWay, per_point: bool = False, safety: bool = False) -> None:
        require(self, "a cover", cover, "set_in", "set_out")
        self.cover = cover
        self.per_point = per_point
        self.safety = safety

    def safety_action(self) -> SafeAction:
        """Put it in."""
        return action_of(self.cover, "set_in")

    def set_up(self, say: Say) -> None:
        """Take it out."""
        self.cover.set_out()

    def put_back(self) -> None:
        """Put it in."""
        self.cover.set_in()
