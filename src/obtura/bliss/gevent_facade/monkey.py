"""The part of `gevent.monkey` that scripts call: there is nothing to patch, threads wait by themselves."""

from typing import Any

__all__ = ["patch_all"]


def patch_all(**parts: Any) -> None:
    """Nothing."""
