"""Where BLISS keeps a name, and where it is here: module -> names, each `module:attribute`."""

from obtura.scans.bench import COMMANDS

__all__ = ["NAMES"]

_SCANS = {name: f"obtura.session.public:{name}" for name in COMMANDS}

NAMES: dict[str, dict[str, str]] = {
    "bliss": {},
    "bliss.common": {},
    "bliss.common.scans": _SCANS,
    "bliss.common.soft_axis": {"SoftAxis": "obtura.devices.soft:SoftAxis"},
    "bliss.common.standard": {**_SCANS, "DEFAULT_CHAIN": "obtura.session.public:DEFAULT_CHAIN"},
    "bliss.scanning": {},
    "bliss.scanning.acquisition": {},
    "bliss.scanning.acquisition.counter": {
        "SamplingCounterAcquisitionSlave": "obtura.acquisition.counter:SamplingCounterAcquisitionSlave",
    },
    "bliss.scanning.acquisition.motor": {
        "LinearStepTriggerMaster": "obtura.acquisition.motor:LinearStepTriggerMaster",
        "MeshStepTriggerMaster": "obtura.acquisition.motor:MeshStepTriggerMaster",
        "VariableStepTriggerMaster": "obtura.acquisition.motor:VariableStepTriggerMaster",
    },
    "bliss.scanning.acquisition.timer": {
        "SoftwareTimerMaster": "obtura.acquisition.timer:SoftwareTimerMaster",
    },
    "bliss.scanning.chain": {
        "AcquisitionChain": "obtura.contracts.chain:AcquisitionChain",
        "AcquisitionChannel": "obtura.ground.channels:AcquisitionChannel",
        "AcquisitionMaster": "obtura.contracts.acquisition:AcquisitionMaster",
        "AcquisitionSlave": "obtura.contracts.acquisition:AcquisitionSlave",
        "ChainIterationPreset": "obtura.contracts.presets:ChainIterationPreset",
        "ChainPreset": "obtura.contracts.presets:ChainPreset",
    },
    "bliss.scanning.channel": {"AcquisitionChannel": "obtura.ground.channels:AcquisitionChannel"},
    "bliss.scanning.scan": {
        "Scan": "obtura.session.public:Scan",
        "ScanAbort": "obtura.ground.errors:ScanAbort",
        "ScanPreset": "obtura.contracts.presets:ScanPreset",
        "ScanState": "obtura.engine.states:ScanState",
    },
}
