"""Floor 5: the standard scans. Each builds a chain and hands it to the bench it belongs to."""

__all__: list[str] = []
