"""What stands for a preset of every scan that is not there: it refuses the scans that were to be protected by it."""

from typing import Any, NoReturn

from obtura.contracts.absent import with_remedy
from obtura.contracts.presets import ChainPreset, ScanPreset
from obtura.ground.errors import DeviceError

__all__ = ["MissingChainPreset", "MissingPreset"]


class MissingPreset(ScanPreset):
    """Refuses every scan, before anything is touched. `name`: of the preset; `reason`: why it is not there."""

    def __init__(self, name: str, reason: str) -> None:
        self.name = name
        self.reason = reason

    def __str__(self) -> str:
        remedy = f"session.retry({self.name!r}); without it: session.remove_preset(name={self.name!r})"
        return f"preset {self.name}, which stands on every scan, is not there: {with_remedy(self.reason, remedy)}"

    def check_scan_level(self) -> None:
        """Refuse."""
        self._refuse()

    def prepare(self, scan: Any) -> None:
        """Refuse."""
        self._refuse()

    def _refuse(self) -> NoReturn:
        raise DeviceError(str(self))


class MissingChainPreset(ChainPreset):
    """Keeps the place of a missing preset on `DEFAULT_CHAIN`, and refuses every scan of a chain made from that."""

    def __init__(self, missing: MissingPreset) -> None:
        self._missing = missing

    def prepare(self, chain: Any) -> None:
        """Refuse."""
        self._missing.check_scan_level()
