"""Make a server hang, as one does whose machine is stuck: each of its threads stands."""

import os
import signal
import time
from pathlib import Path

__all__ = ["halt"]

PATIENCE = 60.0


def halt(pid):
    """Stop a process, and wait until all its threads are: one by one they come to it, and answer meanwhile."""
    os.kill(pid, signal.SIGSTOP)
    limit = time.monotonic() + PATIENCE
    while any(state not in "TtZX" for state in _states(pid)):
        assert time.monotonic() < limit
        time.sleep(0.005)


def _states(pid):
    tasks = Path(f"/proc/{pid}/task")
    if not tasks.exists():  # no Linux
        time.sleep(0.1)
        return
    for task in tasks.iterdir():
        try:
            yield (task / "stat").read_text().rpartition(")")[2].split()[0]
        except OSError:  # it has ended meanwhile
            continue
