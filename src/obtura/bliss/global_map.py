"""`global_map`, with which modules written for BLISS register their devices: nothing needs it here."""

from collections.abc import Iterator
from typing import Any

from obtura.bliss.current import get_current_session

__all__ = ["global_map"]


class _GlobalMap:
    """Takes what is registered, and knows nothing of it: devices are those of the session."""

    def register(self, device: Any, *links: Any, **more: Any) -> None:
        """Nothing: log messages name the device anyway."""

    def unregister(self, device: Any) -> None:
        """Nothing."""

    def get_axes_iter(self) -> Iterator[Any]:
        """The axes of the current session."""
        return iter(get_current_session().axes())


global_map = _GlobalMap()
"""Stands for BLISS's."""
