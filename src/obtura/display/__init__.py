"""What a person sees of a scan: its table, what its hooks print, and how long it took."""

from obtura.display.terminal import TerminalDisplay

__all__ = ["TerminalDisplay"]
