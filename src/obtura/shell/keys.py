"""A key that asks what a scan waits for: Ctrl-T, while a line of the shell is being run.

On BSD and macOS the terminal knows the key (SIGINFO). Elsewhere it is made the terminal's quit character for that time:
then Ctrl-T sends SIGQUIT, and Ctrl-\\\\ is an ordinary character.
"""

import logging
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

try:
    import termios as _termios
except ImportError:  # Windows
    _termios = None  # type: ignore[assignment]

__all__ = ["asking_key"]

log = logging.getLogger(__name__)

CTRL_T = b"\x14"


@contextmanager
def asking_key(answer: Callable[[], object]) -> Iterator[None]:
    """While the body runs, Ctrl-T in the terminal calls `answer`, in the main thread; without a terminal, nothing."""
    signum = getattr(signal, "SIGINFO", None) or getattr(signal, "SIGQUIT", None)
    if _termios is None or signum is None or not sys.__stdin__ or not sys.__stdin__.isatty():
        yield
        return

    def asked(signum: int, frame: FrameType | None) -> None:
        answer()

    descriptor = sys.__stdin__.fileno()
    before = signal.signal(signum, asked)
    quits = _quit_character(descriptor, CTRL_T) if signum != getattr(signal, "SIGINFO", None) else None
    try:
        yield
    finally:
        if quits is not None:
            _quit_character(descriptor, quits)
        signal.signal(signum, before)


def _quit_character(descriptor: int, character: Any) -> Any:
    """Set the terminal's quit character; returns what it was, None if the terminal is gone, e.g. its window closed."""
    try:
        attributes = _termios.tcgetattr(descriptor)
        was = attributes[6][_termios.VQUIT]
        attributes[6][_termios.VQUIT] = character
        _termios.tcsetattr(descriptor, _termios.TCSANOW, attributes)
    except _termios.error as error:
        log.info("the terminal is gone: %s", error)
        return None
    return was
