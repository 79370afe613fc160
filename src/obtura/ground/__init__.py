"""Floor 0: values only. Errors, channels and the events of a scan's record."""

__all__: list[str] = []
