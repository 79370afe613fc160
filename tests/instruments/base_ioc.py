"""An IOC of EPICS base, in C, by the packages of PyPI: mbbo, stringout, ao records that follow one another."""

from pathlib import Path

RECORDS = """
record(mbbo, "B:mux:trigger") { field(ZRST, "roby") field(ONST, "timer") field(TWST, "off") field(PINI, "YES") }
record(bo, "B:mux:gate") { field(ZNAM, "Closed") field(ONAM, "Open") field(PINI, "YES") field(FLNK, "B:mux:gate_") }
record(calcout, "B:mux:gate_") { field(INPA, "B:mux:gate") field(CALC, "A") field(ODLY, "0.1")
    field(OUT, "B:mux:gate:now PP") }
record(bi, "B:mux:gate:now") { field(ZNAM, "Closed") field(ONAM, "Open") field(PINI, "YES") }
record(stringout, "B:mux:mode") { field(VAL, "lin") field(PINI, "YES") }
record(ao, "B:mux:range") { field(VAL, "1e-9") field(PINI, "YES") field(PREC, "12") }
record(ai, "B:broken") { }
record(waveform, "B:path") { field(FTVL, "CHAR") field(NELM, "256") field(PINI, "YES") }
"""


def arguments(folder):
    """What to start Python with."""
    database = Path(folder, "base.db")
    database.write_text(RECORDS)
    return ["-m", "pvxslibs.ioc", "-d", str(database)]
