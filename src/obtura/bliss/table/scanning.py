"""`bliss.scanning`: scans, chains, acquisition objects."""

from obtura.bliss.table.entry import Module, Table, absent, differs, same

__all__ = ["SCANNING"]

_CHAIN: Module = {
    **same("obtura.contracts.chain", "AcquisitionChain"),
    **same("obtura.contracts.acquisition", "AcquisitionMaster AcquisitionSlave AcquisitionObject"),
    **same("obtura.ground.channels", "AcquisitionChannel"),
    "TRIGGER_MODE_ENUM": differs("obtura.contracts.acquisition:TriggerMode", "called TriggerMode here"),
    "ChainPreset": differs(
        "obtura.contracts.presets:ChainPreset",
        "hooks run in turn, `stop` in reverse; `get_iterator` is called just after `prepare`; a list is fine",
    ),
    "ChainIterationPreset": differs(
        "obtura.contracts.presets:ChainIterationPreset", "the last iteration's `stop` comes before `before_stop`"
    ),
    **absent("ChainNode AcquisitionChainIter", "the tree is made of the acquisition objects: `chain.nodes_list`"),
}

_SCAN: Module = {
    "Scan": differs(
        "session:Scan",
        "`stop()` and `abort()` return at once; there is a state RUNNING, so later states have other numbers",
    ),
    **same("obtura.ground.errors", "ScanAbort"),
    "ScanPreset": differs(
        "obtura.contracts.presets:ScanPreset", "hooks run in turn, `stop` in reverse; several data callbacks"
    ),
    "ScanState": differs("obtura.engine.states:ScanState", "has RUNNING; compare names, not numbers"),
    **same("obtura.contracts.watchdog", "WatchdogCallback"),
    "set_scan_watch_callbacks": differs(
        "session:set_scan_watch_callbacks", "of the session; the functions are kept, and are called beside the scan"
    ),
    **absent("DataWatchCallback StepScanDataWatch", "`scan.set_watchdog_callback`, or `connect_data_channels`"),
    **absent("ScanProgress", "a consumer: `session.add_consumer`"),
}

SCANNING: Table = {
    "bliss.scanning.acquisition.calc": same(
        "obtura.acquisition.calc", "CalcChannelAcquisitionSlave CalcCounterAcquisitionSlave CalcHook"
    ),
    "bliss.scanning.acquisition.counter": {
        **same("obtura.acquisition.counter", "SamplingCounterAcquisitionSlave"),
        **same("obtura.acquisition.integrating", "IntegratingCounterAcquisitionSlave"),
        **same("obtura.contracts.counters", "SamplingMode"),
    },
    "bliss.scanning.acquisition.motor": {
        **same("obtura.acquisition.motor", "LinearStepTriggerMaster MeshStepTriggerMaster VariableStepTriggerMaster"),
        **same(
            "obtura.acquisition.continuous",
            "JogMotorMaster MotorMaster SoftwarePositionTriggerMaster SweepMotorMaster",
        ),
        **absent(
            "CalcAxisTrajectoryMaster HKLTrajectoryMaster MeshTrajectoryMaster",
            "no trajectories are loaded into controllers; use a step scan, or MotorMaster",
        ),
    },
    "bliss.scanning.acquisition.timer": same("obtura.acquisition.timer", "SoftwareTimerMaster"),
    "bliss.scanning.chain": _CHAIN,
    "bliss.scanning.channel": {
        **same("obtura.ground.channels", "AcquisitionChannel AcquisitionChannelList attach_channels duplicate_channel"),
    },
    "bliss.scanning.group": {
        "Group": differs("session:Group", "takes scans or their numbers, as in 2021"),
        "Sequence": differs("session:Sequence", "`add_and_run` raises what the sub-scan raised"),
        **same("obtura.ground.errors", "ScanSequenceError"),
    },
    "bliss.scanning.scan": _SCAN,
    "bliss.scanning.scan_info": {
        **same("obtura.engine.scan_info", "ScanInfo"),
        **absent("ScanInfoFactory", "the helpers are methods of `scan.scan_info`"),
    },
    "bliss.scanning.scan_math": {
        **same("obtura.analysis", "cen com fwhm peak trough"),
        **absent("peak2", "`peak`"),
    },
    "bliss.scanning.scan_meta": {
        "META_TIMING": differs("obtura.contracts.acquisition:MetaTiming", "called MetaTiming here"),
        **same("obtura.bliss.current", "create_user_scan_meta get_user_scan_meta"),
        "ScanMeta": differs("obtura.session.scan_meta:ScanMeta", "`SCAN_META` of the session"),
    },
    "bliss.scanning.scan_sequence": same("session", "ScanSequence"),
    "bliss.scanning.scan_saving": {
        "ScanSaving": differs("obtura.data.saving:ScanSaving", "no data policy, no proposals; the writer is HDF5"),
        **absent("ESRFScanSaving", "there is no data policy: `SCAN_SAVING.template`"),
    },
    "bliss.scanning.toolbox": {
        "DefaultAcquisitionChain": differs("obtura.scans.default_chain:DefaultChain", "called DefaultChain here"),
        **same("obtura.scans.chain_builder", "ChainBuilder"),
    },
}
