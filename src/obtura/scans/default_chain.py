"""The chain of the standard scans: a timer, below it the counters, above it perhaps a motor; and standing presets."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from obtura.acquisition.counter import SamplingCounterAcquisitionSlave
from obtura.acquisition.timer import SoftwareTimerMaster
from obtura.contracts.acquisition import AcquisitionMaster, AcquisitionObject
from obtura.contracts.chain import AcquisitionChain
from obtura.contracts.devices import Counter, CounterController, SamplingCounterController
from obtura.contracts.presets import ChainPreset, check_preset
from obtura.ground.errors import ArgumentError, UsageError

__all__ = ["DefaultChain", "expand_counters"]


class DefaultChain:
    """`DEFAULT_CHAIN`: builds chains, and holds the presets that stand on every standard scan, `ct` included."""

    def __init__(self) -> None:
        self._presets: dict[object, ChainPreset] = {}

    def add_preset(self, preset: ChainPreset, name: str | None = None) -> None:
        """Put a preset on every standard scan made from now on; one of the same name is replaced.

        Raises:
            UsageError (a ValueError): not a ChainPreset, or one that overrides no hook.
        """
        check_preset(preset, ChainPreset)
        self._presets[name if name is not None else id(preset)] = preset

    def remove_preset(self, preset: ChainPreset | None = None, name: str | None = None) -> None:
        """Take a preset off, by object or by name; nothing happens when it is not there."""
        self._presets = {
            key: standing
            for key, standing in self._presets.items()
            if standing is not preset and (name is None or key != name)
        }

    def __info__(self) -> str:
        names = [type(preset).__name__ for preset in self._presets.values()]
        return f"presets on every standard scan: {', '.join(names) or 'none'}"

    @property
    def presets(self) -> tuple[ChainPreset, ...]:
        """The standing presets, in the order in which they were added."""
        return tuple(self._presets.values())

    def get(
        self, scan_pars: Mapping[str, Any], counters: Sequence[Any], top_master: AcquisitionMaster | None = None
    ) -> AcquisitionChain:
        """Build a chain. `scan_pars`: `npoints` (0: endless), `count_time` (s), perhaps `sleep_time` (s)."""
        npoints, count_time = scan_pars["npoints"], scan_pars["count_time"]
        timer = SoftwareTimerMaster(count_time, scan_pars.get("sleep_time", 0.0), npoints=npoints)
        chain = AcquisitionChain()
        if top_master is not None:
            chain.add(top_master, timer)
        for controller, own in _by_controller(expand_counters(counters)):
            chain.add(timer, _slave(controller, own, scan_pars))
        for preset in self._presets.values():
            chain.add_preset(preset, standing=True)
        return chain


def expand_counters(counters: Iterable[Any]) -> list[Counter]:
    """Counters as they are, controllers, lists and other containers as the counters they hold; each once.

    Raises:
        ArgumentError: something else was given.
    """
    found: list[Counter] = []
    for item in counters:
        if isinstance(item, Counter):
            members: Iterable[Any] = [item]
        elif isinstance(getattr(item, "counters", None), Mapping):
            members = item.counters.values()
        elif isinstance(item, list | tuple):
            members = expand_counters(item)
        else:
            raise ArgumentError(f"{getattr(item, 'name', None) or repr(item)} is not a counter and holds none")
        found += [counter for counter in members if counter not in found]
    return found


def _by_controller(counters: Sequence[Counter]) -> list[tuple[CounterController, list[Counter]]]:
    controllers = list(dict.fromkeys(counter.controller for counter in counters))
    return [(one, [counter for counter in counters if counter.controller is one]) for one in controllers]


def _slave(controller: CounterController, counters: Sequence[Any], scan_pars: Mapping[str, Any]) -> AcquisitionObject:
    """A controller may bring its own acquisition object: `get_acquisition_object(counters, scan_pars)`."""
    own = getattr(controller, "get_acquisition_object", None)
    if own is not None:
        slave: AcquisitionObject = own(counters, scan_pars)
        return slave
    if isinstance(controller, SamplingCounterController):
        return SamplingCounterAcquisitionSlave(
            *counters, count_time=scan_pars["count_time"], npoints=scan_pars["npoints"]
        )
    raise UsageError(f"{controller.name} does not say how it is read: it needs get_acquisition_object()")
