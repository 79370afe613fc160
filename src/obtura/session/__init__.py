"""Floor 6: sessions. Names, where data go; wires savers and displays to scans."""

__all__: list[str] = []
