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
    "bliss.comm.rpc": "there is no server here: a socket, or `get_comm`",
    "bliss.common.alias": "`ALIASES` of the session",
    "bliss.common.base_shutter": "bliss.common.shutter",
    "bliss.common.capabilities": "nothing is asked for: what a device can do is its methods",
    "bliss.common.closed_loop": "a controller's own method, with `object_method`",
    "bliss.common.data_store": "there is no Redis here: read the file, or add a consumer to the session",
    "bliss.common.plot": "`plot()` draws the last scan; plotselect and plotinit are in bliss.common.standard",
    "bliss.common.deprecation": "`warnings.warn`",
    "bliss.common.image_tools": "numpy",
    "bliss.common.motor_config": "`axis.config`",
    "bliss.common.motor_settings": "`axis.settings`, `controller.axis_settings`",
    "bliss.common.profiling": "`scan.scan_info` says how long hooks took; cProfile",
    "bliss.common.regulation": "no regulation loops here; a SoftAxis around the setpoint, a SoftCounter that reads it",
    "bliss.common.tango": "TangoDevice and what is listed with it: docs/howto/connect-tango.md",
    "bliss.common.temperature": "a SoftAxis around the setpoint, a SoftCounter that reads it",
    "bliss.common.types": "annotations of your own: `obtura.contracts`",
    "bliss.common.user_status_info": "`user_print`",
    "bliss.config.beacon_object": "a class with `config`, and settings as obtura.contracts.settings says",
    "bliss.config.channels": "one process has a device, so there is nothing to share: an attribute of it",
    "bliss.config.conductor": "there is no server here",
    "bliss.config.plugins": "classes are offered by entry points: docs/howto/come-from-bliss.md",
    "bliss.config.settings": "keep values in the device: as obtura.contracts.settings says",
    "bliss.controllers.actuator": "bliss.common.actuator",
    "bliss.controllers.lima": "cameras: obtura.contracts.cameras; a SimulatedCamera shows how one is driven",
    "bliss.controllers.mca": "spectra: obtura.devices.mca; a SimulatedMCA shows how one is driven",
    "bliss.controllers.motors": "another one than those above has no driver here: docs/howto/come-from-bliss.md",
    "bliss.controllers.regulator": "a SoftAxis around the setpoint, a SoftCounter that reads it",
    "bliss.controllers": "another one than those above has no driver here: docs/howto/add-a-device.md",
    "bliss.data": "there is no Redis here: `scan.get_data()`, or read the file",
    "bliss.flint": "`plot()` draws the last scan, in the terminal and in a notebook",
    "bliss.physics": "pint for units",
    "bliss.scanning.acquisition.ct2": "a HARDWARE slave that reads blocks is the door for such cards",
    "bliss.scanning.acquisition.lima": "cameras are in a chain by obtura.acquisition.camera",
    "bliss.scanning.acquisition.mca": "spectra are read by the acquisition objects for counters",
    "bliss.scanning.acquisition.musst": "no MUSST here; a HARDWARE slave that reads blocks is the door for such cards",
    "bliss.scanning.presets": "obtura.presets",
    "bliss.scanning.trajectory": "no trajectories are loaded into controllers; use a step scan, or MotorMaster",
    "bliss.scanning.writer": "files are written by the session's saver; another one is a consumer",
    "bliss.shell.cli": "there are no dialogs: `input()`",
    "bliss.shell.dialog": "there are no dialogs: `input()`",
    "bliss.shell.formatters": "`print`",
    "bliss.shell.getval": "`input()`",
    "bliss.shell.interlocks": "what belongs to the machines of ESRF is not here",
    "bliss.shell.iter_common": "bliss.common.standard",
    "bliss.tango": "there is no Tango server of obtura",
}
"""Modules that are not here, their submodules included but for those in `NAMES`, and what to use instead."""


def _parents(module: str) -> list[str]:
    parts = module.split(".")
    return [".".join(parts[:count]) for count in range(1, len(parts))]


for _parent in [parent for module in tuple(NAMES) for parent in _parents(module)]:
    NAMES.setdefault(_parent, {})
