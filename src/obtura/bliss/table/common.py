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
    "Axis": differs("obtura.devices.axis:Axis", "made from a driver, not from a controller and a config"),
    **same("obtura.devices.axis_state", "AxisState"),
    **same("obtura.devices.calc_axis", "CalcAxis"),
    **absent("ModuloAxis", "an Axis with `modulo=360`"),
    **absent("NoSettingsAxis", "what an axis keeps is dropped by `obtura settings`, or by `axis.apply_config()`"),
    **absent("Motion Trajectory", "`Axis.move`, and the step and continuous masters"),
}

_SHUTTER: Module = {
    "BaseShutter": differs("obtura.devices.shutter:Shutter", "give `Shutter` a driver with open, close and state"),
    "BaseShutterState": differs("obtura.devices.shutter_driver:ShutterState", "called ShutterState here"),
    "Shutter": differs("obtura.devices.shutter:Shutter", "made from a driver with open, close and state"),
    **same("obtura.devices.shutter_driver", "ShutterMode"),
}

_MG: Module = {
    "MeasurementGroup": differs("session:MeasurementGroup", "counters may be objects, too"),
    **absent("get_active get_all", "`ACTIVE_MG`, `lsmg()`, `session.groups()`"),
    **absent("set_active_name get_active_name get_all_names", "`ACTIVE_MG`, `lsmg()`, `group.set_active()`"),
}

COMMON: Table = {
    "bliss.common.actuator": {
        "AbstractActuator": differs("obtura.devices.actuator:Actuator", "give `Actuator` a driver"),
        "Actuator": differs("obtura.devices.actuator:Actuator", "give `Actuator` a driver"),
        "ActuatorState": differs("obtura.devices.actuator:ActuatorState", "names are the same, numbers are not"),
    },
    "bliss.common.axis": _AXES,
    "bliss.common.cleanup": {
        **same("obtura.session.cleanup", "cleanup error_cleanup"),
        "axis": differs("obtura.session.cleanup:Restore", "called Restore here"),
        **absent("capture_exceptions excepthook", "contextlib.ExitStack; later errors are notes of the first"),
        **absent("lprint", "print"),
    },
    "bliss.common.counter": _COUNTERS,
    "bliss.common.encoder": same("obtura.devices.encoder", "Encoder"),
    "bliss.common.event": same("obtura.bliss.event", "connect disconnect"),
    "bliss.common.hook": same("obtura.contracts.motion", "MotionHook"),
    "bliss.common.logtools": {
        **same(
            "obtura.bliss.logtools",
            "get_logger log_critical log_debug log_error log_exception log_info log_warning "
            "user_error user_info user_print user_warning",
        ),
        **absent("elog_add elog_print elog_info elog_error", "there is no electronic logbook; `scan.add_comment`"),
    },
    "bliss.common.measurementgroup": _MG,
    "bliss.common.motor_group": {
        "Group": differs("obtura.devices.group:Group", "a class; `Group(roby, robz)` all the same"),
        **absent("TrajectoryGroup", "no trajectories are loaded into controllers"),
    },
    "bliss.common.protocols": {
        **absent("CounterContainer counter_namespace", "any object with `counters` is a container of counters"),
        **absent("HasMetadataForScan", "any object with `scan_metadata()` has metadata for scans"),
        **absent("Scannable", "obtura.contracts.devices.Movable"),
    },
    "bliss.common.scans": {**SCANS, **_ALIGN},
    "bliss.common.session": {
        **absent("get_current_session", "`from bliss import current_session`, or `obtura.load_session(name)`"),
        "Session": differs("obtura.session.session:Session", "made by `obtura.load_session(name)`"),
        **absent("DefaultSession", "`obtura.load_session(name)`, or `config.get(name)` for single objects"),
    },
    "bliss.common.soft_axis": same("obtura.devices.soft", "SoftAxis"),
    "bliss.common.standard": {
        **SCANS,
        **_ALIGN,
        **same("session", "mv mvd mvdr mvr sta umv umvd umvdr umvr wa wm wu lscnt lsmg lsmot lsobj prdef"),
        **same("obtura.devices.soft", "SoftAxis SoftCounter"),
        **same("session", "cleanup error_cleanup"),
        **absent("iter_axes_position iter_axes_state", "`session.axes()`"),
        **absent("sync", "axes keep nothing in a cache that could be out of step: `axis.sync_hard()` for one"),
    },
    "bliss.common.switch": {"Switch": differs("obtura.devices.switch:Switch", "made from a driver with set and get")},
    "bliss.common.utils": {
        "autocomplete_property": differs("builtins:property", "a plain property"),
        **absent("all_equal flatten grouped", "a line of Python, or itertools"),
    },
}
