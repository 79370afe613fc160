"""Floor 1: the works. Time, Ctrl-C, lanes, the record and its readers; no word of physics."""

__all__: list[str] = []
