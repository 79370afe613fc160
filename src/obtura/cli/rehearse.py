"""`obtura rehearse SESSION script.py`: a night in seconds, on simulated devices."""

import argparse
import json
import os
from pathlib import Path

from obtura.rehearsal import rehearse
from obtura.rehearsal.moments import span

__all__ = ["rehearse_script"]


def rehearse_script(options: argparse.Namespace) -> int:
    """Rehearse, and print what was found; the exit code is that of the report."""
    name, config = options.session, options.config
    if os.sep in name or Path(name).is_dir():  # a directory is a beamline, whose own session it is
        name, config = None, name
    given = options.script, options.data, options.events, config, options.arguments, options.simulate
    report = rehearse(name, *given, patience=span(options.patience))
    print(json.dumps(report.as_json(), indent=2) if options.json else report)
    return report.exit_code
