"""`bliss.scanning`: scans, chains, acquisition objects."""

from obtura.bliss.table.entry import Module, Table, absent, differs, same

__all__ = ["SCANNING"]

_DEVICES = (
    "`apply_parameters` is called just before the first `prepare`; `wait_slaves_ready`, `stop_all_slaves`, "
    "`validate_params`, `set_device_saving` are not there"
)

_CHAIN: Module = {
    "AcquisitionChain": differs(
        "obtura.contracts.chain:AcquisitionChain",
        "`parallel_prepare` has no effect; `append`, `get_iter_list`, `iterators` are not there; `tree` is text",
    ),
    "AcquisitionMaster": differs("obtura.contracts.acquisition:AcquisitionMaster", _DEVICES),
    "AcquisitionSlave": differs("obtura.contracts.acquisition:AcquisitionSlave", _DEVICES),
    "AcquisitionObject": differs("obtura.contracts.acquisition:AcquisitionObject", _DEVICES),
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
    **absent("CompletedCtrlParamsDict update_ctrl_params", "`apply_parameters`, `scan.update_ctrl_params`"),
    **absent("DeviceIterator StopChain", "the engine's own; a generator in `__iter__` is enough"),
}

_WATCH = "a consumer: `session.add_consumer`"

_SCAN: Module = {
    "Scan": differs(
        "session:Scan",
        "`stop()` and `abort()` return at once; there is a state RUNNING, so later states have other numbers; "
        "`streams`, `node`, `writer`, `scan_saving`, `update_ctrl_params`, `restore_motor_positions` are not there",
    ),
    **same("obtura.ground.errors", "ScanAbort"),
    "ScanPreset": differs(
        "obtura.contracts.presets:ScanPreset", "hooks run in turn, `stop` in reverse; several data callbacks"
    ),
    "ScanState": differs("obtura.engine.states:ScanState", "has RUNNING; compare names, not numbers"),
    "set_scan_watch_callbacks": differs(
        "session:set_scan_watch_callbacks", "of the session; the functions are kept, and are called beside the scan"
    ),
    "WatchdogCallback": differs(
        "obtura.contracts.watchdog:WatchdogCallback",
        "`on_scan_data(data_events, scan_info)`, without nodes; data_events: arrays by channel name",
    ),
    **absent("DataWatchCallback StepScanDataWatch", "`scan.set_watchdog_callback`, or `connect_data_channels`"),
    **absent("ScanProgress", _WATCH),
    **absent("is_zero_dim", "`channel.shape == ()`"),
}

_ALIGN = (
    "cen com find_position fwhm goto_cen goto_com goto_custom goto_min goto_peak peak plotinit plotselect trough where"
)

SCANNING: Table = {
    "bliss.scanning.acquisition.calc": {
        **same("obtura.acquisition.calc", "CalcChannelAcquisitionSlave CalcCounterAcquisitionSlave CalcHook"),
        **absent("CalcAcquisitionSlaveBase", "CalcChannelAcquisitionSlave"),
    },
    "bliss.scanning.acquisition.counter": {
        **same("obtura.acquisition.counter", "SamplingCounterAcquisitionSlave"),
        **same("obtura.acquisition.integrating", "IntegratingCounterAcquisitionSlave"),
        **same("obtura.contracts.counters", "SamplingMode"),
        **absent("BaseCounterAcquisitionSlave", "AcquisitionSlave, or one of the two for counters"),
    },
    "bliss.scanning.acquisition.motor": {
        **same("obtura.acquisition.motor", "LinearStepTriggerMaster MeshStepTriggerMaster VariableStepTriggerMaster"),
        **same(
            "obtura.acquisition.continuous",
            "JogMotorMaster MotorMaster SoftwarePositionTriggerMaster SweepMotorMaster",
        ),
        **absent("TwoMotorMaster UndershootMixin", "MotorMaster, which has `undershoot`"),
        **absent(
            "CalcAxisTrajectoryMaster HKLTrajectoryMaster LinearTrajectoryMaster MeshTrajectoryMaster",
            "no trajectories are loaded into controllers; use a step scan, or MotorMaster",
        ),
    },
    "bliss.scanning.acquisition.timer": {
        **same("obtura.acquisition.timer", "SoftwareTimerMaster"),
        **absent("SoftwareTimerSlave", "SoftwareTimerMaster under another master"),
    },
    "bliss.scanning.chain": _CHAIN,
    "bliss.scanning.channel": {
        **same("obtura.ground.channels", "AcquisitionChannel AcquisitionChannelList attach_channels duplicate_channel"),
        **absent("SubscanAcquisitionChannel", "a sequence has a channel of its scans by itself"),
    },
    "bliss.scanning.group": {
        "Group": differs("session:Group", "takes scans or their numbers, as in 2021"),
        "Sequence": differs("session:Sequence", "`add_and_run` raises what the sub-scan raised"),
        **same("obtura.ground.errors", "ScanSequenceError"),
        **absent("GroupingMaster GroupingSlave ScanGroup StatePreset", "`sequence.scan` is a Scan"),
    },
    "bliss.scanning.monitoring": absent("start_monitoring stop_monitoring", "a `timescan` in a session of its own"),
    "bliss.scanning.scan": _SCAN,
    "bliss.scanning.scan_info": {
        "ScanInfo": differs(
            "obtura.engine.scan_info:ScanInfo", "no `add_table_plot`, `set_sequence_info`, `set_scan_index`"
        ),
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
        **absent("CATEGORIES ScanMetaCategory", "a category is an attribute: `SCAN_META.sample`"),
        **absent("get_controllers_scan_meta get_scan_meta", "devices are asked by the scan: `scan_metadata()`"),
    },
    "bliss.scanning.scan_display": absent("ScanDisplay", "`plotselect` says which counters are shown"),
    "bliss.scanning.scan_progress": absent("ScanProgress", _WATCH),
    "bliss.scanning.scan_sequence": {
        **same("session", "ScanSequence"),
        **absent("SequenceContext", "what `sequence_context()` gives"),
    },
    "bliss.scanning.scan_state": {"ScanState": _SCAN["ScanState"]},
    "bliss.scanning.scan_tools": {
        **same("session", _ALIGN),
        **absent("get_selected_counter_name last_scan_motor last_scan_motors", "`SCANS[-1]`, `plotselect`"),
    },
    "bliss.scanning.scan_saving": {
        "BasicScanSaving": differs("obtura.data.saving:ScanSaving", "called ScanSaving here; it has no `writer`"),
        **absent("set_scan_saving_class", "there is one class: `SCAN_SAVING.template`"),
        "ScanSaving": differs("obtura.data.saving:ScanSaving", "no data policy, no proposals; the writer is HDF5"),
        **absent("ESRFScanSaving", "there is no data policy: `SCAN_SAVING.template`"),
    },
    "bliss.scanning.toolbox": {
        "DefaultAcquisitionChain": differs("obtura.scans.default_chain:DefaultChain", "called DefaultChain here"),
        **same("obtura.bliss.chain_builder", "ChainBuilder"),
        **absent("StandardScanAcquisitionChain", "`DEFAULT_CHAIN.get(...)` gives an AcquisitionChain"),
        **absent("get_all_counters sort_counter_by_dependency", "`ChainBuilder(counters)` does it"),
    },
}
