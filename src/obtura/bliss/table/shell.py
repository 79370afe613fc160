"""What BLISS has in its shell, its configuration and at its top."""

from obtura.bliss.table.common import COMMON
from obtura.bliss.table.entry import Table, absent, differs, same

__all__ = ["SHELL"]

_NO_SERVER = "there is no server here"
_NO_ESRF = "what belongs to the machines of ESRF is not here"

SHELL: Table = {
    "bliss": {
        "current_session": differs("session:session", "the session that was opened, or the library's"),
        **absent("release", "`obtura --version`"),
        "global_map": differs("obtura.bliss.global_map:global_map", "`register` has no effect: nothing needs it"),
        **absent("is_bliss_shell", "`sys.stdout.isatty()`"),
    },
    "bliss.config.static": {
        "get_config": differs("obtura.bliss.current:get_config", "of the session that is open, or that is described"),
        "ConfigNode": differs("obtura.devices.bliss.config:Described", "a dict; it is not written back"),
        **absent("Config ConfigList ConfigReference Node", "obtura.session.config.Config reads a directory of YAML"),
        **absent("client", _NO_SERVER),
    },
    "bliss.setup_globals": absent("SCAN_DISPLAY", "nothing: `plotselect` says which counters are shown"),
    "bliss.shell.standard": {
        **COMMON["bliss.common.standard"],
        **same("session", "plot user_script_homedir user_script_list user_script_load user_script_run"),
        **absent("SCAN_DISPLAY", "nothing: `plotselect` says which counters are shown"),
        **absent("clear history", "Ctrl-L; the arrow keys, Ctrl-R"),
        **absent("date pprint text_block", "`datetime.now()`, `pprint.pprint`, `print`"),
        **absent("edit_mg", "`ACTIVE_MG.enable(...)`, `.disable(...)`, `.add(...)`"),
        **absent("goto_click tweak_cli", "there are no dialogs; `goto_custom`, `umvr`"),
        **absent("interlock_download interlock_purge interlock_show interlock_state interlock_upload", _NO_ESRF),
        **absent("last_error", "the log file, which the shell names"),
        **absent("metadata_profiling poff pon reset_equipment wid", _NO_ESRF),
        **absent("move", "`mv`, `umv`"),
        **absent("print_ansi print_html", "`print`"),
        **absent("start_monitoring stop_monitoring", "a `timescan` in a session of its own"),
        **same("obtura.bliss.current", "stm"),
        **absent("lsconfig", "`config.names`"),
        **absent("bench countdown", "`time.perf_counter`, `time.sleep`"),
        **absent("tw menu edit_roi_counters", "there are no dialogs; `umvr` moves by steps"),
        **absent("flint silx_view pymca", "`plot()`; open the file with `silx view`"),
        **absent("newproposal newsample newcollection newdataset endproposal", "there is no data policy: SCAN_SAVING"),
        **absent("elog_add elog_prdef elog_plot", "there is no electronic logbook; `scan.add_comment`"),
        **absent("debugon debugoff lslog lsdebug log_stdout", "everything is in the log file, which the shell names"),
    },
}
