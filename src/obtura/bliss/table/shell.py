"""What BLISS has in its shell, its configuration and at its top."""

from obtura.bliss.table.common import COMMON
from obtura.bliss.table.entry import Table, absent, differs, same

__all__ = ["SHELL"]

SHELL: Table = {
    "bliss": {
        "current_session": differs("session:session", "the session that was opened, or the library's"),
        **absent("release", "`obtura --version`"),
    },
    "bliss.config.static": {
        "get_config": differs("obtura.bliss.current:get_config", "of the session that is open, or that is described"),
        **absent("Config Node", "obtura.session.config.Config reads a directory of YAML"),
    },
    "bliss.setup_globals": {},
    "bliss.shell.standard": {
        **COMMON["bliss.common.standard"],
        **same("session", "plot"),
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
