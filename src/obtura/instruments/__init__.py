"""Control systems: devices that live in other processes. Each one is a package and an extra of its own."""

__all__: list[str] = []
