"""Scans as the documents of event-model, the format of bluesky and its relatives: finished ones and live."""

__all__: list[str] = []
