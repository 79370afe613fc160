"""What devices tell for a table: one that does not answer leaves a mark in it, and the others are told all the same."""

import logging
from collections.abc import Callable, Iterable
from typing import Any

from obtura.ground.errors import one_line

__all__ = ["UNKNOWN", "print_problems", "told"]

log = logging.getLogger(__name__)

UNKNOWN = "!ERR"
"""Shown for what a device does not tell; the reason is printed below the table."""


def told(device: Any, ask: Callable[[Any], str]) -> tuple[str, str]:
    """What the device answers, and why it does not."""
    try:
        return ask(device), ""
    except Exception as error:
        log.warning("%s does not answer: %s", device.name, one_line(error), exc_info=error)
        return UNKNOWN, f"{device.name}: {one_line(error)}"


def print_problems(problems: Iterable[str]) -> None:
    """Print each once."""
    for problem in dict.fromkeys(filter(None, problems)):
        print(f"!!! {problem}")
