"""Whether this process is a fork of another one in which obtura was loaded already."""

import os

__all__ = ["is_forked"]

_forked = False


def is_forked() -> bool:
    """Threads, locks and connections of devices are left behind or torn in such a process."""
    return _forked


def _in_child() -> None:
    global _forked
    _forked = True


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_in_child)
