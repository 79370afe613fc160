"""A shutter that is open while the scan counts."""

from typing import Any

from obtura.contracts.devices import Shutter
from obtura.contracts.safety import SafeAction, action_of
from obtura.presets.anylevel import AnyLevelPreset, Say, require

__all__ = ["ShutterPreset"]


class ShutterPreset(AnyLevelPreset):
    """Opens a shutter when counting begins, closes it when counting is over, whatever happened.

    It is closed while the scan is paused. With `per_point` it is open for the time of each point only, never while
    a step motor moves; for that, one that is open already is closed first. It is not left as it was found: closed
    is the state in which nobody is hurt and nothing is burnt, and the only one worth having after an error. Who
    wants a shutter open over several scans opens it and uses no preset.

    With `safety` it is closed within a second also when this process dies, by another one, the guard; where that is
    not possible a line at the start of the scan says so.
    """

    def __init__(self, shutter: Shutter, per_point: bool = False, safety: bool = False) -> None:
        require(self, "a shutter", shutter, "open", "close")
        self.shutter = shutter
        self.per_point = per_point
        self.safety = safety

    def safety_action(self) -> SafeAction:
        """Close it."""
        return action_of(self.shutter, "close")

    def set_up(self, say: Say) -> None:
        """Refuse one that can't be opened; close it if it is open: the scan moves to its (next) point now."""
        check = getattr(self.shutter, "check", None)
        if check is not None:
            check()
        if getattr(self.shutter, "is_open", False):
            self.shutter.close()

    def begin(self, say: Say) -> None:
        """Open it."""
        self.shutter.open()

    def pause(self, where: Any) -> None:
        """The scan pauses: close it, unless it is closed because it opens for each point only."""
        if not self.per_point:
            self.shutter.close()

    def resume(self, where: Any) -> None:
        """Open it again."""
        if not self.per_point:
            self.shutter.open()

    def put_back(self) -> None:
        """Close it."""
        self.shutter.close()
