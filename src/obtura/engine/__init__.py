"""Floor 3: the engine. Runs a chain with its presets and leaves everything that it entered."""

__all__: list[str] = []
