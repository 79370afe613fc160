"""Logging and talking to the user as modules written for BLISS do it: `log_info(device, "...")`, `user_print(...)`."""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

__all__ = [
    "disable_user_output",
    "get_logger",
    "log_critical",
    "log_debug",
    "log_error",
    "log_exception",
    "log_info",
    "log_warning",
    "user_error",
    "user_info",
    "user_print",
    "user_warning",
]


def get_logger(device: Any) -> logging.Logger:
    """The logger of a device, below obtura's: what it gets is in the session's log file."""
    name = getattr(device, "name", None) or type(device).__name__
    return logging.getLogger(f"obtura.devices.{name}")


def log_debug(device: Any, message: str, *args: Any) -> None:
    """Into the log, for who looks for a mistake."""
    get_logger(device).debug(message, *args)


def log_info(device: Any, message: str, *args: Any) -> None:
    """Into the log."""
    get_logger(device).info(message, *args)


def log_warning(device: Any, message: str, *args: Any) -> None:
    """Into the log, as a warning."""
    get_logger(device).warning(message, *args)


def log_error(device: Any, message: str, *args: Any) -> None:
    """Into the log, as an error."""
    get_logger(device).error(message, *args)


def log_critical(device: Any, message: str, *args: Any) -> None:
    """Into the log, as an error that can't be lived with."""
    get_logger(device).critical(message, *args)


def log_exception(device: Any, message: str, *args: Any) -> None:
    """Into the log, with the traceback of the exception that is being handled."""
    get_logger(device).exception(message, *args)


_quiet: ContextVar[bool] = ContextVar("_quiet", default=False)


@contextmanager
def disable_user_output() -> Iterator[None]:
    """What `user_print`, `user_info` and so on would show in the block is not shown."""
    before = _quiet.set(True)
    try:
        yield
    finally:
        _quiet.reset(before)


def user_print(*texts: Any, sep: str = " ", end: str = "\n") -> None:
    """As `print`: shown in true order with the rows of a scan."""
    if _quiet.get():
        return
    sys.stdout.write(sep.join(map(str, texts)) + end)


def user_info(message: str, *args: Any) -> None:
    """Shown to the user."""
    user_print(message % args if args else message)


def user_warning(message: str, *args: Any) -> None:
    """Shown to the user, as a warning."""
    user_print(f"Warning: {message % args if args else message}")


def user_error(message: str, *args: Any) -> None:
    """Shown to the user, as an error."""
    user_print(f"!!! {message % args if args else message}")
