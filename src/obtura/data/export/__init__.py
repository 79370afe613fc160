"""Scans of a file in the formats of other programs; a module for each."""

__all__: list[str] = []
