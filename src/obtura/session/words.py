"""The words of a session that are no scans: moving, asking, listing, and what a terminal is asked for."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from obtura.contracts.devices import Movable
from obtura.session.debugging import debug
from obtura.session.desk import clear, date
from obtura.session.listing import Listing, prdef
from obtura.session.motion import Motion
from obtura.session.where import Where
from obtura.session.why import why

__all__ = ["words"]

_MOTION = ("mv", "mvd", "mvdr", "mvr", "umv", "umvd", "umvdr", "umvr")
_WHERE = ("sta", "wa", "wm", "wu")
_LISTING = ("lscnt", "lsmot", "lsobj", "lsscan")


def words(
    axes: Callable[[], Iterable[Movable]], objects: Callable[[], Mapping[str, Any]], scans: Iterable[Any]
) -> dict[str, Any]:
    """The commands by name, for the session whose axes, objects and last scans these are."""
    motion, where, listing = Motion(), Where(axes, objects), Listing(objects, scans)
    return {
        **{name: getattr(motion, name) for name in _MOTION},
        **{name: getattr(where, name) for name in _WHERE},
        **{name: getattr(listing, name) for name in _LISTING},
        "clear": clear,
        "date": date,
        "debug": debug,
        "prdef": prdef,
        "why": why,
    }
