"""What became of each name of BLISS: the same here, different, or absent and what to use instead."""

from obtura.bliss.table.common import COMMON
from obtura.bliss.table.controllers import CONTROLLERS
from obtura.bliss.table.entry import Name, Table
from obtura.bliss.table.scanning import SCANNING
from obtura.bliss.table.shell import SHELL

__all__ = ["ABSENT_MODULES", "NAMES", "Name", "Table"]

NAMES: Table = {**COMMON, **CONTROLLERS, **SCANNING, **SHELL}
"""Module of BLISS -> name -> what became of it."""

ABSENT_MODULES: dict[str, str] = {
    "bliss.beacon": "there is no server here: devices are described in a directory of YAML files, `obtura check DIR`",
    "bliss.common.data_store": "there is no Redis here: read the file, or add a consumer to the session",
    "bliss.common.plot": "`plot()` draws the last scan, in the terminal and in a notebook",
    "bliss.common.tango": "Tango devices are not driven yet; use a SoftCounter or SoftAxis around `tango.DeviceProxy`",
    "bliss.config.settings": "keep values in the device: as obtura.contracts.settings says",
    "bliss.controllers.lima": "cameras: obtura.contracts.cameras; a SimulatedCamera shows how one is driven",
    "bliss.data": "there is no Redis here: `scan.get_data()`, or read the file",
    "bliss.flint": "`plot()` draws the last scan, in the terminal and in a notebook",
    "bliss.scanning.acquisition.lima": "cameras are in a chain by obtura.acquisition.camera",
    "bliss.scanning.acquisition.musst": "no MUSST here; a HARDWARE slave that reads blocks is the door for such cards",
    "bliss.scanning.writer": "files are written by the session's saver; another one is a consumer",
    "bliss.tango": "there is no Tango server of obtura",
}
"""Modules that are not here, their submodules included, and what to use instead."""


def _parents(module: str) -> list[str]:
    parts = module.split(".")
    return [".".join(parts[:count]) for count in range(1, len(parts))]


for _parent in [parent for module in tuple(NAMES) for parent in _parents(module)]:
    NAMES.setdefault(_parent, {})
