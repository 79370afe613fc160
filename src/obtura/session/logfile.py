"""The log file: everything, with tracebacks, where the terminal shows one line."""

import logging
import sys
from logging.handlers import RotatingFileHandler
from pathlib import Path

import platformdirs

__all__ = ["history_file", "log_to_file", "of_scans", "scans_are_logged"]

MEGABYTE = 1_000_000

of_scans = logging.getLogger("obtura.scans.record")
"""What `ScanLog` writes: rows and printed text. For files only: on a terminal all this is shown already."""

of_scans.propagate = False


class _LogFile(RotatingFileHandler):
    """A log file. When it can't be written any more that is said once, and nothing waits for it."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, maxBytes=5 * MEGABYTE, backupCount=3, encoding="utf-8", errors="backslashreplace")
        self.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
        self._given_up = False

    def emit(self, record: logging.LogRecord) -> None:
        if not self._given_up:
            super().emit(record)

    def handleError(self, record: logging.LogRecord) -> None:
        error = sys.exc_info()[1]
        if not isinstance(error, OSError):
            super().handleError(record)
            return
        self._given_up = True  # before it is said: during a scan what is said would be logged
        print(f"!!! the log file takes no more, nothing is logged from now on: {error}", file=sys.stderr)


def log_to_file(session: str) -> Path | None:
    """Log what obtura does into the user's log directory; None when it can't be written."""
    path = Path(platformdirs.user_log_dir("obtura", appauthor=False)) / f"{session}.log"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handler = _LogFile(path)
    except OSError:
        return None
    for logger in (logging.getLogger("obtura"), of_scans):
        logger.addHandler(handler)
        logger.setLevel(logging.INFO)
    return path


def scans_are_logged() -> bool:
    """Whether there is a file that what `of_scans` is told goes into."""
    return any(isinstance(handler, _LogFile) for handler in of_scans.handlers)


def history_file(session: str) -> Path | None:
    """Where the shell keeps what was typed; None when there is no place for it."""
    path = Path(platformdirs.user_state_dir("obtura", appauthor=False)) / f"{session}.history"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    except OSError:
        return None
    return path
