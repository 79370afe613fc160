"""The log file: everything, with tracebacks, where the terminal shows one line."""

import logging
from logging.handlers import RotatingFileHandler
from pathlib import Path

import platformdirs

__all__ = ["history_file", "log_to_file"]

MEGABYTE = 1_000_000


def log_to_file(session: str) -> Path | None:
    """Log what obtura does into the user's log directory; None when it can't be written."""
    path = Path(platformdirs.user_log_dir("obtura", appauthor=False)) / f"{session}.log"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handler = RotatingFileHandler(
            path, maxBytes=5 * MEGABYTE, backupCount=3, encoding="utf-8", errors="backslashreplace", delay=False
        )
    except OSError:
        return None
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logger = logging.getLogger("obtura")
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    return path


def history_file(session: str) -> Path | None:
    """Where the shell keeps what was typed; None when there is no place for it."""
    path = Path(platformdirs.user_state_dir("obtura", appauthor=False)) / f"{session}.history"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    except OSError:
        return None
    return path
