"""A session: devices by name, the scans that use them, where data go."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from obtura.contracts.acquisition import AcquisitionMaster, AcquisitionSlave
from obtura.contracts.chain import AcquisitionChain
from obtura.contracts.consumers import Consumer
from obtura.contracts.devices import Movable, is_movable
from obtura.contracts.presets import ChainIterationPreset, ChainPreset, ScanPreset
from obtura.data.saving import ScanSaving
from obtura.devices.soft import SoftAxis, SoftCounter
from obtura.presets.cover import DetectorCoverPreset
from obtura.presets.multiplexer import MultiplexerPreset
from obtura.presets.shutter import ShutterPreset
from obtura.presets.wait_for_beam import WaitForBeam
from obtura.scans.bench import COMMANDS, Bench
from obtura.session.home import Home
from obtura.session.words import words

__all__ = ["Session"]

CLASSES = (
    AcquisitionChain,
    AcquisitionMaster,
    AcquisitionSlave,
    ChainIterationPreset,
    ChainPreset,
    DetectorCoverPreset,
    MultiplexerPreset,
    ScanPreset,
    ShutterPreset,
    SoftAxis,
    SoftCounter,
    WaitForBeam,
)


class Session:
    """Devices, scan commands and settings under the names that a user types.

    `devices`: by name; `scan_saving`: where data go; `display`: whether scans are shown in the terminal.
    """

    def __init__(self, name: str, devices: Mapping[str, Any], scan_saving: ScanSaving, display: bool) -> None:
        self.name = name
        self.devices = dict(devices)
        self.scan_saving = scan_saving
        self._home = Home(name, scan_saving, self.axes, display, self._keep)
        self.bench = Bench(self._home)

    def __info__(self) -> str:
        return f"session {self.name}: {', '.join(self.devices)}"

    def axes(self) -> Iterable[Movable]:
        """The session's axes."""
        return [device for device in self.devices.values() if is_movable(device)]

    def add_consumer(self, make: Callable[[], Consumer]) -> None:
        """Have every scan from now on read by a consumer of its own; `make()` gives it: a class, or a function."""
        self._home.makers.append(make)

    def remove_consumer(self, make: Callable[[], Consumer]) -> None:
        """No more of what `add_consumer` was given; nothing happens when it is not there."""
        self._home.makers = [one for one in self._home.makers if one is not make]

    def _keep(self, scan: Any) -> None:
        if scan.scan_info.get("type") != "ct":
            self.bench.scans.append(scan)

    def namespace(self) -> dict[str, Any]:
        """Every name that a shell, a script or `from obtura.demo import *` has."""
        commands = {name: getattr(self.bench, name) for name in COMMANDS}
        return {
            **{cls.__name__: cls for cls in CLASSES},
            "DEFAULT_CHAIN": self.bench.default_chain,
            "SCANS": self.bench.scans,
            "SCAN_SAVING": self.scan_saving,
            "Scan": self.bench.Scan,
            "session": self,
            **commands,
            **words(self.axes, lambda: self.devices, self.bench.scans),
            **self.devices,
        }
