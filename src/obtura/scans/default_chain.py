"""The chain of the standard scans: a timer, below it the counters, above it perhaps a motor; and standing presets."""

import difflib
from collections.abc import Mapping, Sequence
from typing import Any

from obtura.acquisition.continuous import SoftwarePositionTriggerMaster, SweepMotorMaster
from obtura.acquisition.motor import VariableStepTriggerMaster
from obtura.acquisition.timer import SoftwareTimerMaster
from obtura.contracts.acquisition import AcquisitionMaster, TriggerMode
from obtura.contracts.calculation import CalcCounterController
from obtura.contracts.cameras import CameraController
from obtura.contracts.chain import AcquisitionChain
from obtura.contracts.counters import CounterController, IntegratingCounterController
from obtura.contracts.presets import ChainPreset, check_preset
from obtura.ground.errors import ArgumentError, UsageError
from obtura.scans.chain_builder import ChainBuilder, ChainNode
from obtura.scans.expansion import expand_counters

__all__ = ["DefaultChain", "expand_counters"]

_KEYS = ("device", "acquisition_settings", "master")

_ANEW = {"npoints": 1, "prepare_once": False, "start_once": False}
"""How a device that counts by its own clock is measured in a scan that steps: it is started for each point."""


class DefaultChain:
    """`DEFAULT_CHAIN`: builds chains, and holds the presets that stand on every standard scan, `ct` included, and
    how devices are measured in them.
    """

    def __init__(self) -> None:
        self._presets: dict[object, ChainPreset] = {}
        self._settings: dict[CounterController, Mapping[str, Any]] = {}

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

    def set_settings(self, settings: Sequence[Mapping[str, Any]]) -> None:
        """Say how devices are measured in standard scans from now on; those of other devices stay.

        `[{"device": card, "acquisition_settings": {"trigger_type": "HARDWARE"}, "master": camera}]`: the settings go
        to the device's acquisition object; `master` is the controller that triggers it, in the place of the timer.

        Raises:
            UsageError: no list of mappings, a key that is not known, something that is no device; nothing was set.
        """
        _check_form(settings)
        found: dict[CounterController, Mapping[str, Any]] = {}
        for setting in settings:
            for key in setting:
                if key not in _KEYS:
                    close = difflib.get_close_matches(str(key), _KEYS, n=1)
                    hint = f": did you mean {close[0]!r}?" if close else ""
                    raise UsageError(f"default_chain config: {key!r} is not known{hint} (known: {', '.join(_KEYS)})")
            device = _controller(setting.get("device"), "device")
            master = setting.get("master")
            found[device] = {
                "acquisition_settings": dict(setting.get("acquisition_settings") or {}),
                "master": None if master is None else _controller(master, "master"),
            }
        self._settings.update(found)

    def clear(self) -> None:
        """No standing presets and no settings any more."""
        self._presets.clear()
        self._settings.clear()

    reset = clear

    def __info__(self) -> str:
        names = [
            f"{key} ({type(preset).__name__})" if isinstance(key, str) else type(preset).__name__
            for key, preset in self._presets.items()
        ]
        lines = [f"presets on every standard scan: {', '.join(names) or 'none'}"]
        for device, setting in self._settings.items():
            words = [f"{key}={value}" for key, value in setting["acquisition_settings"].items()]
            words += [f"master {setting['master'].name}"] if setting["master"] is not None else []
            lines.append(f"{device.name}: {', '.join(words)}")
        return "\n".join(lines)

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
        builder = ChainBuilder(counters)
        placing = _Placing(chain, timer, builder, self._settings, scan_pars, top_master)
        for node in builder.nodes:
            placing.place(node)
        for preset in self._presets.values():
            chain.add_preset(preset, standing=True)
        return chain


class _Placing:
    """Puts the nodes of one scan into its chain, each below its master."""

    def __init__(
        self,
        chain: AcquisitionChain,
        timer: AcquisitionMaster,
        builder: ChainBuilder,
        settings: Mapping[CounterController, Mapping[str, Any]],
        scan_pars: Mapping[str, Any],
        top: AcquisitionMaster | None,
    ) -> None:
        self._chain = chain
        self._timer = timer
        self._builder = builder
        self._settings = settings
        self._scan_pars = scan_pars
        self._top = top
        self._waiting: list[CounterController] = []

    def place(self, node: ChainNode) -> None:
        """Make the acquisition object of a node and add it; its master's first."""
        controller = node.controller
        if node.is_ready:
            return
        if isinstance(controller, CalcCounterController):
            node.set_parameters()
            first = self._builder.sources(controller)[0]
            self._chain.add(first.parent or self._timer, node.acquisition_obj)
            return
        setting = self._settings.get(controller, {})
        master = setting.get("master") or controller.master_controller
        above = self._above(controller, master) if master is not None else None
        settings = setting.get("acquisition_settings", {})
        parameters = controller.get_default_chain_parameters(self._scan_pars, settings)
        if above is None:
            parameters = self._in_step(controller, parameters, settings)
        node.set_parameters(
            parameters,
            parent_acq_params=above.acq_parameters if above is not None else None,
            scan_pars=self._scan_pars,
        )
        master_obj = self._timer if above is None else above.acquisition_obj
        self._chain.add(master_obj, node.acquisition_obj)  # type: ignore[arg-type]

    def _in_step(
        self, controller: CounterController, parameters: dict[str, Any], settings: Mapping[str, Any]
    ) -> dict[str, Any]:
        """The parameters of a device that nothing triggers: where we move something it must not count on."""
        ours = isinstance(controller, IntegratingCounterController | CameraController)
        is_own = ours and not hasattr(controller, "get_acquisition_object")
        goes_on = is_own and TriggerMode(parameters.get("trigger_type", "SOFTWARE")) is TriggerMode.HARDWARE
        if not goes_on:
            return parameters
        if isinstance(self._top, SoftwarePositionTriggerMaster | SweepMotorMaster):
            axis = self._top.devices[0].name
            raise ArgumentError(
                f"{controller.name} counts by its own clock (trigger type HARDWARE), from before {axis} sets off: its "
                f"points would not be those of {axis}. Let it be triggered: DEFAULT_CHAIN.set_settings with the "
                "trigger_type SOFTWARE; or, when a wire does that, make a chain with a MotorMaster"
            )
        pauses = self._top is None and self._scan_pars.get("sleep_time")
        anew = pauses or isinstance(self._top, VariableStepTriggerMaster)
        return {**parameters, **_ANEW, **settings} if anew else parameters

    def _above(self, controller: CounterController, master: CounterController) -> ChainNode:
        if master in self._waiting or master is controller:
            raise UsageError(f"default_chain config: {controller.name} and {master.name} are each other's master")
        self._waiting.append(controller)
        above = self._builder.node_of(master)
        self.place(above)
        self._waiting.pop()
        if not isinstance(above.acquisition_obj, AcquisitionMaster):
            raise UsageError(
                f"default_chain config: master object must be a CounterController whose acquisition object is a "
                f"master, and that of {master.name} triggers nothing (asked for by {controller.name})"
            )
        return above


def _check_form(settings: Any) -> None:
    listed = settings if isinstance(settings, list | tuple) else [settings]
    for one in listed:
        inner = one.get("acquisition_settings") if isinstance(one, Mapping) else None
        if listed is not settings or not isinstance(one, Mapping) or not isinstance(inner, Mapping | None):
            raise UsageError(
                'default_chain config: expected a list, as [{"device": mca, "acquisition_settings": {"key": value}}], '
                f"got {settings!r}"
            )


def _controller(given: Any, what: str) -> CounterController:
    controller = getattr(given, "controller", given)
    if not isinstance(controller, CounterController):
        raise UsageError(f"default_chain config: {what} object must be a CounterController or a counter, got {given!r}")
    return controller
