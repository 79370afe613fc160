#!/usr/bin/env python3
"""Runs benchmarks: a table, and a file of JSON for each case in bench/results/.

    python bench/run.py [CASE ...]

A case is a module beside this one with a function `measure()`, which gives `what` was measured, its `unit`, the
`budget` in words, and `values` by name.
"""

import importlib
import json
import os
import platform
import sys
from datetime import datetime
from pathlib import Path

HERE = Path(__file__).parent
CASES = ("abort_latency",)


def main(names: list[str]) -> None:
    """Measure, print, write."""
    (HERE / "results").mkdir(exist_ok=True)
    for name in names or CASES:
        result = importlib.import_module(name).measure()
        load = os.getloadavg()[0]
        facts = {"python": platform.python_version(), "machine": platform.machine(), "cores": os.cpu_count()}
        kept = {"case": name, **result, "load": load, **facts, "time": datetime.now().astimezone().isoformat()}
        (HERE / "results" / f"{name}.json").write_text(json.dumps(kept, indent=2) + "\n")
        values = "  ".join(f"{key} {value:.3g}" for key, value in result["values"].items())
        print(f"{name:16} {result['what']}: {values} {result['unit']} ({result['budget']}; load {load:.1f})")


if __name__ == "__main__":
    main(sys.argv[1:])
