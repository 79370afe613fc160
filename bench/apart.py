"""A process of its own, for what is measured of a process: its memory, its threads, its descriptors."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

__all__ = ["apart", "descriptors", "memory", "threads"]

_SCRIPT = """
import importlib, json, sys
module, name, arguments = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
print(json.dumps(getattr(importlib.import_module(module), name)(*arguments)))
"""

ROOT = Path(__file__).parents[1]


def apart(function: Callable[..., Any], *arguments: Any) -> Any:
    """What a function of a module gives in a fresh process: something that JSON can hold."""
    command = [sys.executable, "-c", _SCRIPT, function.__module__, function.__name__, json.dumps(arguments)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, cwd=ROOT, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def memory() -> int:
    """Bytes that this process has in memory now. 0 where that can't be known."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except OSError:
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")


def descriptors() -> int:
    """Open files, sockets, pipes. 0 where that can't be known."""
    try:
        return len(os.listdir("/proc/self/fd"))
    except OSError:
        return 0


def threads() -> int:
    """Python's threads."""
    return threading.active_count()
