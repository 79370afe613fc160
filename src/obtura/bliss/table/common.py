"""`bliss.common`: scans, counters, axes, shutters and what is around them."""

from obtura.bliss.table.entry import Module, Table, absent, differs, same

__all__ = ["COMMON", "SCANS"]

SCANS: Module = {
    **same(
        "session",
        "a2scan a3mesh a3scan a4scan a5scan amesh anmesh anscan ascan ct d2scan d3mesh d3scan d4scan d5scan dmesh "
        "dnscan lineup lookupscan loopscan pointscan sct timescan DEFAULT_CHAIN",
    ),
    "dscan": differs("session:dscan", "the title says dscan, with the relative positions"),
    "ct": differs("session:ct", "also takes `save=True`"),
}

_ALIGN = same(
    "session",
    "cen com find_position fwhm goto_cen goto_com goto_custom goto_min goto_peak peak plotinit plotselect trough where",
)

_COUNTERS: Module = {
    "Counter": differs("obtura.contracts.counters:Counter", "the controller is `counter.controller`"),
    **same("obtura.contracts.counters", "IntegratingCounter SamplingCounter SamplingMode"),
    **same("obtura.contracts.calculation", "CalcCounter"),
    **same("obtura.devices.soft", "SoftCounter"),
    **same("obtura.devices.expression", "ExpressionCalcCounter"),
}

_AXES: Module = {
    "Axis": differs(
        "obtura.devices.axis:Axis",
        "made by its controller, or from a driver; velocities are told with the next move; `settings()` is a method",
    ),
    "AxisState": differs(
        "obtura.devices.bliss.state:BuiltState",
        "can be changed while it is built; what `axis.state` gives can't; no `current_states()`: `str(state)`",
    ),
    **same("obtura.devices.calc_axis", "CalcAxis"),
    **same("obtura.devices.bliss.axis", "ModuloAxis NoSettingsAxis"),
    "Motion": differs("obtura.devices.bliss.hardware:Motion", "`backlash` is 0: the axis makes two moves of it"),
    **absent("Trajectory CyclicTrajectory", "the step and continuous masters"),
    "AxisFaultError": differs("obtura.ground.errors:DeviceError", "every device raises it"),
    "AxisOffError": differs("obtura.ground.errors:DeviceError", "every device raises it"),
    "AxisOnLimitError": differs("obtura.ground.errors:DeviceError", "every device raises it"),
    **absent("GroupMove", "`obtura.contracts.together` moves axes together; `Group(roby, robz)`"),
    **absent("Modulo", "`modulo` of an axis"),
    **absent("lazy_init", "nothing: an axis is ready when it is there"),
}

_SHUTTER: Module = {
    "BaseShutter": differs("obtura.devices.any_shutter:AnyShutter", "called AnyShutter here"),
    "BaseShutterState": differs("obtura.devices.shutter_driver:ShutterState", "called ShutterState here"),
    "Shutter": differs(
        "obtura.devices.bliss.shutter:DerivedShutter", "to derive from; other shutters are a BaseShutter, too"
    ),
    **same("obtura.devices.shutter_driver", "ShutterMode"),
}

_MG: Module = {
    "MeasurementGroup": differs("session:MeasurementGroup", "counters may be objects, too"),
    **same("obtura.bliss.current", "get_active get_active_name get_all get_all_names set_active_name"),
}

COMMON: Table = {
    "bliss.common.actuator": {
        **same("obtura.devices.bliss.actuator", "AbstractActuator"),
        "Actuator": differs("obtura.devices.bliss.actuator:DerivedActuator", "also takes a name and a timeout"),
        "ActuatorState": differs("obtura.devices.actuator:ActuatorState", "names are the same, numbers are not"),
    },
    "bliss.common.axis": _AXES,
    "bliss.common.axis.axis": _AXES,
    "bliss.common.axis.state": {"AxisState": _AXES["AxisState"]},
    "bliss.common.cleanup": {
        **same("obtura.session.cleanup", "cleanup error_cleanup"),
        "axis": differs("obtura.session.cleanup:Restore", "called Restore here"),
        **absent("capture_exceptions excepthook", "contextlib.ExitStack; later errors are notes of the first"),
        **absent("lprint", "print"),
    },
    "bliss.common.counter": _COUNTERS,
    "bliss.common.encoder": {
        **same("obtura.devices.encoder", "Encoder"),
        **absent("EncoderFilter", "a class derived from Encoder, whose `raw_read` asks another one"),
    },
    "bliss.common.event": {
        "connect": differs("obtura.bliss.event:connect", "to the events of an axis, and to what `send` sends"),
        **same("obtura.bliss.event", "disconnect send"),
        **absent("dispatcher", "`connect`, `disconnect` and `send`"),
    },
    "bliss.common.greenlet_utils": absent(
        "AllowKill KillMask protect_from_kill protect_from_one_kill",
        "nothing: `stop` of a preset or a device is not interrupted",
    ),
    "bliss.common.hook": {
        "MotionHook": differs("obtura.contracts.motion:MotionHook", "`motion.delta` is in the unit of the axis"),
    },
    "bliss.common.logtools": {
        **same(
            "obtura.bliss.logtools",
            "get_logger log_critical log_debug log_error log_exception log_info log_warning "
            "disable_user_output user_error user_info user_print user_warning",
        ),
        "lprint": differs("obtura.bliss.logtools:user_print", "called user_print here"),
        **absent(
            "elog_add elog_command elog_critical elog_debug elog_error elog_info elog_print elog_warning",
            "there is no electronic logbook; `scan.add_comment`",
        ),
    },
    "bliss.common.measurementgroup": _MG,
    "bliss.common.motor_group": {
        "Group": differs(
            "obtura.devices.group:Group", "a class; `Group(roby, robz)` all the same; no `dial`, `position_with_reals`"
        ),
        **absent("TrajectoryGroup", "no trajectories are loaded into controllers"),
        **absent("is_motor_group", "`isinstance(thing, Group)`"),
    },
    "bliss.common.protocols": {
        **same("obtura.contracts.containers", "CounterContainer HasMetadataForScan counter_namespace"),
        "Scannable": differs("obtura.contracts.devices:Movable", "called Movable here; `is_movable(thing)` asks"),
        **absent("IcatPublisher HasMetadataForDataset", "there is no data policy: `SCAN_META`, or `scan_metadata()`"),
        **absent("HasMetadataForScanExclusive", "`HasMetadataForScan`"),
        **absent("CalcCounterContainer", "`CounterContainer`"),
        **absent("HasInfo", "nothing to derive from: a method `__info__` is enough"),
        **absent("IterableNamespace MotorsNamespace", "a dict, or `types.SimpleNamespace`"),
        **absent("MeasurementGroup Scan", "the classes themselves"),
    },
    "bliss.common.scans": {**SCANS, **_ALIGN},
    "bliss.common.scans.meshes": {name: SCANS[name] for name in SCANS if "mesh" in name},
    "bliss.common.scans.step_by_step": {
        name: SCANS[name]
        for name in (
            *("a2scan", "a3scan", "a4scan", "a5scan", "anscan", "ascan", "d2scan", "d3scan", "d4scan", "d5scan"),
            *("dnscan", "dscan", "lineup", "lookupscan", "pointscan"),
        )
    },
    "bliss.common.session": {
        **absent("set_current_session", "the session that was opened last is the current one"),
        **same("obtura.bliss.current", "get_current_session"),
        "Session": differs("obtura.session.session:Session", "made by `obtura.load_session(name)`"),
        **absent("DefaultSession", "`obtura.load_session(name)`, or `config.get(name)` for single objects"),
    },
    "bliss.common.shutter": _SHUTTER,
    "bliss.common.soft_axis": same("obtura.bliss.soft_axis", "SoftAxis"),
    "bliss.common.standard": {
        **SCANS,
        **_ALIGN,
        **same("session", "mv mvd mvdr mvr sta umv umvd umvdr umvr wa wm wu lscnt lsmg lsmot lsobj prdef"),
        **same("obtura.bliss.soft_axis", "SoftAxis"),
        **same("obtura.devices.soft", "SoftCounter"),
        **same("session", "cleanup error_cleanup rockit sleep"),
        **same("obtura.bliss.current", "iter_axes_position iter_axes_state sync"),
    },
    "bliss.common.switch": {"Switch": differs("obtura.devices.bliss.switch:DerivedSwitch", "to derive from")},
    "bliss.common.utils": {
        "autocomplete_property": differs("builtins:property", "a plain property"),
        **same("obtura.devices.bliss.methods", "object_attribute_get object_attribute_set object_method"),
        **absent("all_equal deep_update flatten grouped rounder", "a line of Python, or itertools"),
        **absent("object_attribute_type_get object_method_type_get", "nothing: types_info has no effect"),
        **absent("add_object_method add_property closable_class with_custom_members", "a class of your own"),
        **absent("get_axes_iter get_axes_positions_iter", "`session.axes()`"),
        **absent("get_counters_iter", "`lscnt()`, or `controller.counters`"),
        **absent("Null Singleton", "a module has one of its own: `None`, or an object in it"),
        **absent("custom_error_msg shorten_signature typecheck", "`obtura.UsageError`, raised by your function"),
        **absent("ErrorReportInterface", "errors are three lines, the traceback is in the log file"),
        **absent("ShellStr", "a class with `__info__`"),
    },
}
