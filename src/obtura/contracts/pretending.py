"""A session on simulated devices: nothing outside of this process is asked or told.

Devices are replaced by their session. What is made by a user's script, as a preset on a PV, is not described anywhere:
it asks here whether it is to pretend.
"""

from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["is_pretending", "pretend"]

_depth = 0


@contextmanager
def pretend() -> Iterator[None]:
    """Within the body devices are simulated."""
    global _depth
    _depth += 1
    try:
        yield
    finally:
        _depth -= 1


def is_pretending() -> bool:
    """Whether devices are simulated."""
    return _depth > 0
