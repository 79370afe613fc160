"""obtura as a library: `from obtura import ...`. No session, nothing shown, data in `./scans`."""

from obtura.acquisition.counter import SamplingCounterAcquisitionSlave
from obtura.acquisition.motor import LinearStepTriggerMaster, MeshStepTriggerMaster, VariableStepTriggerMaster
from obtura.acquisition.timer import SoftwareTimerMaster
from obtura.contracts.acquisition import AcquisitionMaster, AcquisitionSlave
from obtura.contracts.chain import AcquisitionChain
from obtura.contracts.consumers import Consumer
from obtura.contracts.devices import SamplingCounter, SamplingCounterController
from obtura.contracts.presets import ChainIterationPreset, ChainPreset, ScanPreset
from obtura.data.saving import ScanSaving
from obtura.devices.soft import SoftAxis, SoftCounter
from obtura.engine.states import ScanState
from obtura.ground.channels import AcquisitionChannel
from obtura.ground.errors import (
    DeviceBusyError,
    DeviceError,
    HookError,
    LimitError,
    ObturaError,
    SavingError,
    ScanAbort,
    ScanStateError,
    UsageError,
)
from obtura.presets.cover import DetectorCoverPreset
from obtura.presets.multiplexer import MultiplexerPreset
from obtura.presets.shutter import ShutterPreset
from obtura.presets.wait_for_beam import WaitForBeam
from obtura.session.session import Session

__all__ = [
    "DEFAULT_CHAIN",
    "SCANS",
    "SCAN_SAVING",
    "AcquisitionChain",
    "AcquisitionChannel",
    "AcquisitionMaster",
    "AcquisitionSlave",
    "ChainIterationPreset",
    "ChainPreset",
    "Consumer",
    "DetectorCoverPreset",
    "DeviceBusyError",
    "DeviceError",
    "HookError",
    "LimitError",
    "LinearStepTriggerMaster",
    "MeshStepTriggerMaster",
    "MultiplexerPreset",
    "ObturaError",
    "SamplingCounter",
    "SamplingCounterAcquisitionSlave",
    "SamplingCounterController",
    "SavingError",
    "Scan",
    "ScanAbort",
    "ScanPreset",
    "ScanSaving",
    "ScanState",
    "ScanStateError",
    "Session",
    "ShutterPreset",
    "SoftAxis",
    "SoftCounter",
    "SoftwareTimerMaster",
    "UsageError",
    "VariableStepTriggerMaster",
    "WaitForBeam",
    "a2scan",
    "amesh",
    "ascan",
    "ct",
    "d2scan",
    "dscan",
    "loopscan",
    "sct",
    "timescan",
]

_library = Session("", {}, ScanSaving(base_path="scans"), display=False)
_bench = _library.bench

DEFAULT_CHAIN = _bench.default_chain
SCANS = _bench.scans
SCAN_SAVING = _library.scan_saving
Scan = _bench.Scan

a2scan = _bench.a2scan
amesh = _bench.amesh
ascan = _bench.ascan
ct = _bench.ct
d2scan = _bench.d2scan
dscan = _bench.dscan
loopscan = _bench.loopscan
sct = _bench.sct
timescan = _bench.timescan
