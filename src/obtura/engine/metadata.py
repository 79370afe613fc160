"""Facts that are kept with the data: which devices are asked for them, and when."""

import inspect
import logging
from collections.abc import Iterable, Mapping
from typing import Any

from obtura.contracts.acquisition import AcquisitionObject, MetaTiming
from obtura.engine.plan import overriding
from obtura.ground.errors import UsageError, one_line

__all__ = ["LATER", "Inquiry", "answering", "later_timings"]

log = logging.getLogger(__name__)

LATER = (MetaTiming.PREPARED, MetaTiming.END)
"""The timings after the scan's file is made."""

_METHOD = "get_acquisition_metadata"


def answering(nodes: Iterable[AcquisitionObject], timing: MetaTiming) -> list[AcquisitionObject]:
    """Those that have something to say at `timing`."""
    nodes = list(nodes)
    own = overriding(nodes, _METHOD)
    if timing is not MetaTiming.START:
        return [node for node in own if _takes_timing(node)]
    return [node for node in nodes if node in own or node.describing()]


def later_timings(nodes: Iterable[AcquisitionObject], around: MetaTiming) -> tuple[MetaTiming, ...]:
    """When, after START, the devices or the surroundings have something to say."""
    if answering(nodes, MetaTiming.END):
        return LATER
    return tuple(timing for timing in LATER if timing & around)


class Inquiry:
    """Collects the answers at one timing."""

    def __init__(self, timing: MetaTiming) -> None:
        self.found: dict[str, Mapping[str, Any]] = {}
        self._timing = timing

    def ask(self, node: AcquisitionObject) -> None:
        """Ask one object; called on its lane."""
        try:
            facts = _facts(node, self._timing)
        except Exception as error:
            if self._timing is MetaTiming.START:
                raise
            log.warning("%s.%s at %s: %s", node.name, _METHOD, self._timing.name, one_line(error), exc_info=error)
            facts = {"error": one_line(error)}
        if facts:
            self.found[node.name] = facts


def _facts(node: Any, timing: MetaTiming) -> Mapping[str, Any] | None:
    facts = node.get_acquisition_metadata(timing) if _takes_timing(node) else node.get_acquisition_metadata()
    if facts is not None and not isinstance(facts, Mapping):
        raise UsageError(f"{node.name}: the metadata must be a dict of facts or None, got {facts!r}")
    return facts


def _takes_timing(node: AcquisitionObject) -> bool:
    try:
        inspect.signature(node.get_acquisition_metadata).bind(MetaTiming.START)
    except TypeError:
        return False
    return True
