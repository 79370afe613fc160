"""Which presets of a chain a run has, and whether it may have them."""

from collections.abc import Iterable
from typing import Any

from obtura.contracts.chain import AcquisitionChain, ChainPresetEntry
from obtura.engine.running import running
from obtura.ground.errors import UsageError

__all__ = ["entries_here"]


def entries_here(name: str, chain: AcquisitionChain, of_scan: Iterable[Any]) -> list[ChainPresetEntry]:
    """All but the standing ones that a scan around this one has entered. `name`: of the scan, for messages.

    Raises:
        UsageError: one is hooked to what is no top-master any more, or is there twice, also among those `of_scan`.
    """
    here = [entry for entry in chain.presets if not (entry.standing and running.entered_here(entry.preset))]
    for entry in here:
        if entry.master is not None and entry.master not in chain.top_masters:
            raise UsageError(
                f"{type(entry.preset).__name__}: {entry.master.name} is no top-master any more; "
                "add presets when the chain is built"
            )
    everybody = [*of_scan, *(entry.preset for entry in here)]
    for preset in everybody:
        if sum(other is preset for other in everybody) > 1:
            raise UsageError(f"{type(preset).__name__}: the same preset is twice on {name}")
    return here
