"""How a session is opened: as it is, for a look only, or on simulated devices. A process has one manner for all."""

import contextlib
from pathlib import Path
from typing import NamedTuple

from obtura.contracts.looking import is_looking, only_look
from obtura.contracts.pretending import pretend
from obtura.data.saving import all_below
from obtura.ground.errors import UsageError

__all__ = ["PLAIN", "Manner", "adopt"]


class Manner(NamedTuple):
    """`read_only`: devices are asked and told nothing, nothing is saved. `simulate`: simulated devices stand in."""

    read_only: bool = False
    simulate: bool = False

    @property
    def words(self) -> str:
        """`simulated`, `read-only`, both, or nothing: for a prompt, and with data."""
        return ", ".join(word for word, on in {"simulated": self.simulate, "read-only": self.read_only}.items() if on)

    @property
    def borrows(self) -> bool:
        """Whether settings are read, and none is written."""
        return self.read_only or self.simulate


PLAIN = Manner()
"""Devices are used."""


def _simulated_data() -> Path:
    """Below this directory goes what a simulated session saves: what is meant for /data to its `data`."""
    return Path.home() / "scans" / "simulated"


def adopt(manner: Manner, present: Manner | None) -> contextlib.ExitStack:
    """Have this process be so while a session is open; close what is returned with it. `present`: that of one
    that is open already.

    Read-only is for good: what was told by mistake can't be untold.

    Raises:
        UsageError: a session that is open, or was, is opened in another manner.
    """
    if present is not None and present != manner:
        how = f"is {present.words}" if present.words else "uses devices"
        raise UsageError(f"a session is open in this process that {how}: close it first, or start another process")
    if is_looking() and not manner.read_only:
        raise UsageError("this process is read-only until it ends: start another one to use devices")
    stack = contextlib.ExitStack()
    if manner.read_only:
        only_look()
    if manner.simulate:
        stack.enter_context(all_below(_simulated_data()))
        stack.enter_context(pretend())
    return stack
