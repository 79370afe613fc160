"""obtura as a library: `from obtura import ...`. No session, nothing shown, data in `./scans`."""

from obtura.acquisition.calc import CalcChannelAcquisitionSlave, CalcHook
from obtura.acquisition.continuous import (
    JogMotorMaster,
    MotorMaster,
    SoftwarePositionTriggerMaster,
    SweepMotorMaster,
)
from obtura.acquisition.counter import SamplingCounterAcquisitionSlave
from obtura.acquisition.integrating import IntegratingCounterAcquisitionSlave
from obtura.acquisition.motor import LinearStepTriggerMaster, MeshStepTriggerMaster, VariableStepTriggerMaster
from obtura.acquisition.timer import SoftwareTimerMaster
from obtura.contracts.acquisition import AcquisitionMaster, AcquisitionSlave, MetaTiming
from obtura.contracts.chain import AcquisitionChain
from obtura.contracts.consumers import Consumer
from obtura.contracts.devices import (
    CalcCounter,
    CalcCounterController,
    Counter,
    CounterController,
    IntegratingCounter,
    IntegratingCounterController,
    SamplingCounter,
    SamplingCounterController,
    SamplingMode,
)
from obtura.contracts.generators import chain_preset, iteration_preset, scan_preset
from obtura.contracts.policies import Policy
from obtura.contracts.presets import ChainIterationPreset, ChainPreset, ScanPreset
from obtura.contracts.watchdog import WatchdogCallback
from obtura.data.documents.live import EventDocuments
from obtura.data.saving import ScanSaving
from obtura.devices.expression import ExpressionCalcCounter
from obtura.devices.soft import SoftAxis, SoftCounter
from obtura.engine.estimate import Estimate
from obtura.engine.scan_info import ScanInfo
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
    ScanSequenceError,
    ScanStateError,
    UsageError,
)
from obtura.presets.cover import DetectorCoverPreset
from obtura.presets.multiplexer import MultiplexerPreset
from obtura.presets.protect import ProtectPreset
from obtura.presets.shutter import ShutterPreset
from obtura.presets.wait_for_beam import WaitForBeam
from obtura.presets.wait_for_refill import WaitForRefill
from obtura.scans.chain_builder import ChainBuilder
from obtura.session.cleanup import cleanup, error_cleanup
from obtura.session.config import ConfigError
from obtura.session.rockit import rockit
from obtura.session.session import Session

__all__ = [
    "DEFAULT_CHAIN",
    "SCANS",
    "SCAN_META",
    "SCAN_SAVING",
    "AcquisitionChain",
    "AcquisitionChannel",
    "AcquisitionMaster",
    "AcquisitionSlave",
    "CalcChannelAcquisitionSlave",
    "CalcCounter",
    "CalcCounterController",
    "CalcHook",
    "ChainBuilder",
    "ChainIterationPreset",
    "ChainPreset",
    "ConfigError",
    "Consumer",
    "Counter",
    "CounterController",
    "DetectorCoverPreset",
    "DeviceBusyError",
    "DeviceError",
    "Estimate",
    "EventDocuments",
    "ExpressionCalcCounter",
    "Group",
    "HookError",
    "IntegratingCounter",
    "IntegratingCounterAcquisitionSlave",
    "IntegratingCounterController",
    "JogMotorMaster",
    "LimitError",
    "LinearStepTriggerMaster",
    "MeshStepTriggerMaster",
    "MetaTiming",
    "MotorMaster",
    "MultiplexerPreset",
    "ObturaError",
    "Policy",
    "ProtectPreset",
    "SamplingCounter",
    "SamplingCounterAcquisitionSlave",
    "SamplingCounterController",
    "SamplingMode",
    "SavingError",
    "Scan",
    "ScanAbort",
    "ScanInfo",
    "ScanPreset",
    "ScanSaving",
    "ScanSequence",
    "ScanSequenceError",
    "ScanState",
    "ScanStateError",
    "Sequence",
    "Session",
    "ShutterPreset",
    "SoftAxis",
    "SoftCounter",
    "SoftwarePositionTriggerMaster",
    "SoftwareTimerMaster",
    "SweepMotorMaster",
    "UsageError",
    "VariableStepTriggerMaster",
    "WaitForBeam",
    "WaitForRefill",
    "WatchdogCallback",
    "a2scan",
    "a3mesh",
    "a3scan",
    "a4scan",
    "a5scan",
    "amesh",
    "anmesh",
    "anscan",
    "ascan",
    "cen",
    "chain_preset",
    "cleanup",
    "cmesh",
    "com",
    "cscan",
    "ct",
    "d2scan",
    "d3mesh",
    "d3scan",
    "d4scan",
    "d5scan",
    "dmesh",
    "dnscan",
    "dscan",
    "error_cleanup",
    "find_position",
    "fwhm",
    "goto_cen",
    "goto_com",
    "goto_custom",
    "goto_min",
    "goto_peak",
    "iteration_preset",
    "lineup",
    "lookupscan",
    "loopscan",
    "peak",
    "plot",
    "plotinit",
    "plotselect",
    "pointscan",
    "rockit",
    "scan_preset",
    "sct",
    "sweepscan",
    "timescan",
    "trough",
    "where",
]

_library = Session("", {}, ScanSaving(base_path="scans"), display=False)
_bench = _library.bench

DEFAULT_CHAIN = _bench.default_chain
SCANS = _bench.scans
SCAN_META = _library.SCAN_META
SCAN_SAVING = _library.scan_saving
Scan = _bench.Scan
Sequence = _bench.Sequence
ScanSequence = _bench.ScanSequence
Group = _bench.Group

a2scan = _bench.a2scan
a3mesh = _bench.a3mesh
a3scan = _bench.a3scan
a4scan = _bench.a4scan
a5scan = _bench.a5scan
amesh = _bench.amesh
anmesh = _bench.anmesh
anscan = _bench.anscan
ascan = _bench.ascan
cen = _bench.cen
cmesh = _bench.cmesh
com = _bench.com
cscan = _bench.cscan
ct = _bench.ct
d2scan = _bench.d2scan
d3mesh = _bench.d3mesh
d3scan = _bench.d3scan
d4scan = _bench.d4scan
d5scan = _bench.d5scan
dmesh = _bench.dmesh
dnscan = _bench.dnscan
dscan = _bench.dscan
find_position = _bench.find_position
fwhm = _bench.fwhm
goto_cen = _bench.goto_cen
goto_com = _bench.goto_com
goto_custom = _bench.goto_custom
goto_min = _bench.goto_min
goto_peak = _bench.goto_peak
lineup = _bench.lineup
lookupscan = _bench.lookupscan
loopscan = _bench.loopscan
peak = _bench.peak
plot = _library.plot
plotinit = _bench.plotinit
plotselect = _bench.plotselect
pointscan = _bench.pointscan
sct = _bench.sct
sweepscan = _bench.sweepscan
timescan = _bench.timescan
trough = _bench.trough
where = _bench.where
