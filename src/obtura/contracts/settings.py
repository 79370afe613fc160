"""What of a device outlives a session: its settings."""

from collections.abc import Callable, Mapping
from typing import Protocol, TypeAlias

__all__ = ["OnSetting", "Persistent", "Setting"]

Setting: TypeAlias = float | int | bool | str | list["Setting"] | dict[str, "Setting"] | None
"""A value as JSON has them; infinite numbers are allowed."""

OnSetting: TypeAlias = Callable[[str, Setting], None]
"""`on_setting(key, value)` is called with each new value, on the thread that changed it; it must be quick."""


class Persistent(Protocol):
    """A device with settings that a session keeps: an axis its offset and limits, a group its active counters.

    A device without these three methods just has nothing to keep.
    """

    name: str

    def settings(self) -> Mapping[str, Setting]:
        """The present value of everything that is kept; asks no hardware."""

    def restore(self, settings: Mapping[str, Setting]) -> None:
        """Take over what an earlier session kept; keys that are not known any more are left alone.

        Raises:
            UsageError: a value that can't be; nothing was taken over.
        """

    def on_setting(self, listener: OnSetting | None) -> None:
        """Tell `listener` of every change from now on; None: nobody."""
