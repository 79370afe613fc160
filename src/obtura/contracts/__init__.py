"""Floor 2: the contracts. What a user implements: presets, acquisition objects, devices, consumers."""

__all__: list[str] = []
