"""Floor 4: the standard acquisition objects. Timer, step motors, sampling counters."""

__all__: list[str] = []
