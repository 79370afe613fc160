"""`obtura ls` and `obtura show`: what is inside a data file."""

import sys
from collections.abc import Callable
from pathlib import Path

from obtura.data.reader import listing, showing
from obtura.ground.errors import ObturaError
from obtura.session.messages import told

__all__ = ["ls", "show"]


def ls(path: Path) -> int:
    """Print the scans of a file."""
    return _print(lambda: listing(path))


def show(path: Path, number: str) -> int:
    """Print one scan of a file."""
    return _print(lambda: showing(path, number))


def _print(text: Callable[[], str]) -> int:
    try:
        print(text())
    except ObturaError as error:
        print(told(error), file=sys.stderr)
        return 1
    return 0
