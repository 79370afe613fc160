"""Floor 7: the shell, where people come in."""

__all__: list[str] = []
