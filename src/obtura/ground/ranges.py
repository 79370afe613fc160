"""Numbers of a certain range, for the constructors of devices and presets.

    def __init__(self, name: str, velocity: Positive = 1.0, timeout: NotNegative = 10.0) -> None:

For Python these are `float` and `int`, and whoever calls the constructor can give it anything: it still has to check.
But what is written in YAML is checked before anything is made, and editors know what can be written.
"""

from typing import Annotated, Literal, TypeAlias

from msgspec import Meta

__all__ = ["AtLeastOne", "NotNegative", "Positive", "Sign"]

Positive: TypeAlias = Annotated[float, Meta(gt=0)]
"""A number greater than 0; it may be infinite."""

NotNegative: TypeAlias = Annotated[float, Meta(ge=0)]
"""A number of at least 0; it may be infinite."""

AtLeastOne: TypeAlias = Annotated[int, Meta(ge=1)]
"""A whole number of at least 1."""

Sign: TypeAlias = Literal[1, -1]
"""1, or -1 for the other direction."""
