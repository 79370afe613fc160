"""Floor 7: the command `obtura`. Each command loads only what it needs."""

from obtura.cli.main import main

__all__ = ["main"]
