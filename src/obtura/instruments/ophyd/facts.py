"""What a device says of itself: its keys, with units, types and shapes, and which of them matter most."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from obtura.ground.errors import UsageError
from obtura.ground.texts import TEXT
from obtura.instruments.ophyd.partner import Partner

__all__ = ["Key", "described", "described_collect", "hinted", "only_key"]

_TYPES: dict[str, type] = {"number": float, "integer": int, "boolean": bool}


class Key(NamedTuple):
    """One key of a reading. `external`: its values are in a file of the device's own, and in no reading."""

    name: str
    dtype: "np.dtype[Any]"
    shape: tuple[int, ...]
    unit: str | None
    external: bool
    is_number: bool

    @property
    def is_text(self) -> bool:
        """Whether a value is one text."""
        return self.dtype == TEXT

    @property
    def is_counted(self) -> bool:
        """Whether its values are in the readings, and may be points."""
        return (self.is_number or self.is_text) and not self.external and 0 not in self.shape


def described(partner: Partner, operation: str) -> dict[str, Key]:
    """The keys of `describe()`, by name; that which is called as the device first, which is where a Movable is.

    Raises:
        DeviceError: it does not answer.
    """
    said = partner.ask(operation, partner.device.describe)
    names = sorted(said) if partner.is_async else list(said)  # ophyd-async has them from a set, in any order
    names.sort(key=lambda name: name != getattr(partner.device, "name", ""))
    return {name: _key(name, said[name]) for name in names}


def described_collect(partner: Partner, operation: str) -> dict[str, Key]:
    """The keys of `describe_collect()`, by name, of all streams.

    Raises:
        DeviceError: it does not answer.
    """
    said = partner.ask(operation, partner.device.describe_collect)
    streams = [said] if all("dtype" in each for each in said.values()) else list(said.values())
    return {name: _key(name, one) for stream in streams for name, one in stream.items()}


def _key(name: str, said: Mapping[str, Any]) -> Key:
    shape = tuple(0 if size is None else int(size) for size in said.get("shape") or ())
    word = said.get("dtype_numpy")
    kind = str(said.get("dtype", "number"))
    dtype: np.dtype[Any]
    try:
        dtype = np.dtype(word) if isinstance(word, str) and word else np.dtype(_TYPES.get(kind, float))
    except TypeError:  # a record, or what this numpy does not know
        dtype = np.dtype(float)
    if kind == "string" and not shape:
        dtype = TEXT
    is_number = kind != "string" and dtype.kind in "biuf"
    return Key(name, dtype, shape, said.get("units") or None, bool(said.get("external")), is_number)


def hinted(partner: Partner, keys: Mapping[str, Key]) -> list[str]:
    """The keys that a device says matter; when it says nothing, all that are numbers, or else all that are texts."""
    hints = getattr(partner.device, "hints", None) or {}
    fields = hints.get("fields", ())
    said = [name for name in keys if name in fields] or [name for name, key in keys.items() if key.is_number]
    return said or [name for name, key in keys.items() if key.is_text]


def only_key(partner: Partner, keys: Mapping[str, Key], key: str) -> str:
    """`key`, if it is there; without one the first that matters.

    Raises:
        UsageError: there is none.
    """
    chosen = key or next(iter(hinted(partner, keys)), "")
    if chosen not in keys:
        known = ", ".join(keys) or "nothing"
        raise UsageError(f"{partner.who}: the {partner.kind} reads no {chosen or 'number'!r} (it reads: {known})")
    return chosen
