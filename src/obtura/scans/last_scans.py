"""The last scans of a session, as `SCANS`."""

from collections import deque
from typing import Any

from obtura.ground.errors import UsageError

__all__ = ["LastScans", "NoSuchScanError"]


class NoSuchScanError(UsageError, IndexError):
    """There are not so many last scans."""


class LastScans(deque[Any]):
    """The last ones, `SCANS[-1]` the newest."""

    def __getitem__(self, index: Any) -> Any:
        try:
            return super().__getitem__(index)
        except IndexError:
            known = f"there are {len(self)}, `lsscan()` lists them" if self else "there is no scan yet"
            raise NoSuchScanError(f"SCANS[{index}]: {known}") from None
