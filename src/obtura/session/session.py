"""A session: devices by name, the scans that use them, where data go."""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from types import TracebackType
from typing import Any

from obtura.contracts.absent import Absent
from obtura.contracts.consumers import Consumer
from obtura.contracts.devices import Counter, CounterController, Movable, is_movable
from obtura.contracts.jogs import stop_jogs
from obtura.contracts.presets import ChainPreset, ScanPreset
from obtura.data.saving import ScanSaving
from obtura.data.template import close_match
from obtura.ground.errors import DeviceError, UsageError, one_line
from obtura.scans.bench import Bench
from obtura.session.aliases import Aliases
from obtura.session.groups import ActiveGroup, Groups
from obtura.session.home import Home
from obtura.session.listing import counters_of
from obtura.session.measurement_group import MeasurementGroup
from obtura.session.missing_preset import MissingChainPreset, MissingPreset
from obtura.session.names import names_of_bench
from obtura.session.origin import Origin
from obtura.session.protection import protect
from obtura.session.scan_watch import ScanWatch
from obtura.session.scripts import COMMANDS, Scripts
from obtura.session.words import words

__all__ = ["Session"]

log = logging.getLogger(__name__)


class Session:
    """Devices, scan commands and settings under the names that a user types.

    `devices`: by name; `scan_saving`: where data go; `display`: whether scans are shown in the terminal.
    Every name of the session is an attribute, too: `session.loopscan(10, 0.1, session.diode)`; in a `with`
    statement it is closed at the end. `env_dict` holds the names themselves: a shell works in it, and so do the
    setup file and scripts.
    """

    def __init__(
        self,
        name: str,
        devices: Mapping[str, Any],
        scan_saving: ScanSaving,
        display: bool,
        origin: Origin | None = None,
    ) -> None:
        self.name = name
        self.origin = origin or Origin()
        self.closed = False
        self.devices: dict[str, Any] = {}
        self.scan_saving = scan_saving
        self.env_dict: dict[str, Any] = {}
        self.aliases = Aliases(self.env_dict)
        self.scripts = Scripts(self.env_dict, self.origin.setups, self.origin.scripts)
        self._groups = Groups(self.objects, self._keep_group)
        self._active_group = ActiveGroup(self._groups)
        self._home = Home(name, scan_saving, self.axes, display, self._groups, self.aliases, self.origin.texts)
        self._home.ledger = self.origin.ledger
        self._home.manner = self.origin.manner
        self._closing: list[Callable[[], object]] = []
        self.bench = Bench(self._home)
        self.env_dict.update(self._own_names())
        for device_name, device in devices.items():
            self.put(device_name, device)

    def _own_names(self) -> dict[str, Any]:
        return {
            **names_of_bench(self.bench),
            **words(self.axes, self.objects, self.bench.scans),
            **{name: getattr(self.scripts, name) for name in COMMANDS},
            "ACTIVE_MG": self._active_group,
            "ALIASES": self.aliases,
            "MeasurementGroup": self._groups.Group,
            "SCAN_META": self._home.scan_meta,
            "SCAN_SAVING": self.scan_saving,
            "lsmg": self._groups.lsmg,
            "session": self,
            "set_scan_watch_callbacks": ScanWatch(self.add_consumer, self.remove_consumer).set_scan_watch_callbacks,
            **({"config": self.origin.config} if self.origin.config is not None else {}),
        }

    def __info__(self) -> str:
        title = f" ({self.origin.title})" if self.origin.title else ""
        manner = f" ({words})" if (words := self.origin.manner.words) else ""
        lines = [f"session {self.name}{title}{manner}: {', '.join(self.devices)}"]
        return "\n".join([*lines, *(f"  {absent}" for absent in self.absent.values())])

    @property
    def scans(self) -> Sequence[Any]:
        """The last scans, as `SCANS`."""
        scans: Sequence[Any] = self.env_dict["SCANS"]
        return scans

    # -- names --------------------------------------------------------------------------------------------

    def __getattr__(self, name: str) -> Any:
        names = self.__dict__.get("env_dict", {})
        if name in names and not name.startswith("_"):
            return names[name]
        raise AttributeError(f"session {self.__dict__.get('name')} has no {name!r}; {close_match(name, names)}")

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *self.namespace()})

    def namespace(self) -> dict[str, Any]:
        """Every name that a shell, a script or `from obtura.demo import *` has: `globals().update(...)`."""
        return {name: thing for name, thing in self.env_dict.items() if not name.startswith("_")}

    def put(self, name: str, device: Any) -> None:
        """Have a device under a name, in the place of what was called so before."""
        self.devices[name] = self.env_dict[name] = device
        protect(self.bench.default_chain, [device])

    # -- what there is ------------------------------------------------------------------------------------

    def objects(self) -> Mapping[str, Any]:
        """Devices, groups and whatever else there is to be moved or counted, by name; aliases too."""
        known = {id(device) for device in self.devices.values()}
        aliases = self.aliases.list_aliases()
        others = {
            name: thing
            for name, thing in tuple(self.env_dict.items())
            if _is_object(thing) and not name.startswith("_") and (id(thing) not in known or name in aliases)
        }
        return {**self.devices, **others}

    def axes(self) -> list[Movable]:
        """The session's axes, also those made in a setup file; without those that are not there."""
        named = (thing for name, thing in tuple(self.env_dict.items()) if not name.startswith("_"))
        return list({id(thing): thing for thing in (*self.devices.values(), *named) if is_movable(thing)}.values())

    def counters(self) -> list[Counter]:
        """The session's counters, those within devices too; without those that are not there."""
        things = [thing for thing in self.objects().values() if not isinstance(thing, MeasurementGroup)]
        return list({id(one): one for thing in things for one in counters_of(thing)}.values())

    def groups(self) -> list[MeasurementGroup]:
        """The session's measurement groups."""
        return self._groups.all()

    def group(self, name: str) -> MeasurementGroup:
        """A measurement group by name.

        Raises:
            UsageError: there is none.
        """
        return self._groups.group(name)

    def add_group(self, group: MeasurementGroup) -> None:
        """Take a measurement group in; the first one becomes active."""
        self._groups.add(group)
        self.env_dict[group.name] = group

    def take_assigned_group(self) -> None:
        """Make active what was assigned to the name `ACTIVE_MG`, which then stands for the active group as before.

        The shell calls this after each statement: Python itself would only give the name to another object.

        Raises:
            UsageError: it is no measurement group.
        """
        given = self.env_dict.get("ACTIVE_MG")
        self.env_dict["ACTIVE_MG"] = self._active_group
        if isinstance(given, MeasurementGroup):
            if given.source is None:
                self.add_group(given)
            given.set_active()
        elif given is not None and not isinstance(given, ActiveGroup):
            raise UsageError(f"ACTIVE_MG must be a measurement group, got {given!r}; it is as it was")

    # -- presets and consumers of every scan --------------------------------------------------------------

    def add_preset(self, preset: ScanPreset | ChainPreset, name: str | None = None) -> None:
        """Put a preset on every standard scan made from now on; one of the same name is replaced.

        A preset of the chain is put on `DEFAULT_CHAIN`.

        Raises:
            UsageError (a ValueError): neither a ChainPreset nor a ScanPreset, or one that overrides no hook.
        """
        if isinstance(preset, ChainPreset):
            self.bench.default_chain.add_preset(preset, name)
        else:
            self.bench.standing.add(preset, name)

    def remove_preset(self, preset: ScanPreset | ChainPreset | None = None, name: str | None = None) -> None:
        """Take a preset off, by object or by name; nothing happens when it is not there."""
        if preset is None or isinstance(preset, ChainPreset):
            self.bench.default_chain.remove_preset(preset, name)
        if preset is None or isinstance(preset, ScanPreset):
            self.bench.standing.remove(preset, name)

    def add_consumer(self, make: Callable[[], Consumer]) -> None:
        """Have every scan from now on read by a consumer of its own; `make()` gives it: a class, or a function."""
        self._home.makers.append(make)

    def remove_consumer(self, make: Callable[[], Consumer]) -> None:
        """No more of what `add_consumer` was given; nothing happens when it is not there."""
        self._home.makers = [one for one in self._home.makers if one is not make]

    def on_scan_end(self, listener: Callable[[Any], object]) -> None:
        """Have `listener(scan)` called when a scan has ended, however, also one that was refused; by who ran it."""
        self._home.listeners.append(listener)

    # -- what is not there --------------------------------------------------------------------------------

    @property
    def absent(self) -> dict[str, Absent]:
        """What stands for the devices that are not there, by name."""
        return {name: device for name, device in self.devices.items() if isinstance(device, Absent)}

    def missing(self, name: str, error: BaseException, is_made: bool = False) -> str:
        """Have a placeholder for a device that is not there; returns what it says.

        `is_made`: there is an object, only the device does not answer: each use asks it once more.
        """
        again = partial(self._again, name) if is_made else None
        absent = Absent(name, _reason(name, error), f"session.retry({name!r})", again)
        self.put(name, absent)
        for alias, target in self.origin.aliases.items():
            if target == name:
                self.env_dict[alias] = absent
        return str(absent)

    def missing_preset(self, name: str, error: BaseException) -> str:
        """Refuse every standard scan: a preset that is to stand on each of them is not there; returns what is said."""
        preset = MissingPreset(name, _reason(name, error))
        self.bench.standing.add(preset, name)
        if self._is_for_chains(name):
            self.bench.default_chain.add_preset(MissingChainPreset(preset), name)
        return str(preset)

    def _is_for_chains(self, name: str) -> bool:
        """Whether what is described under this name is a preset of the chain."""
        config = self.origin.config
        make = config.describe(name).known.make if config is not None and name in config.names else None
        return isinstance(make, type) and issubclass(make, ChainPreset)

    def retry(self, name: str) -> Any:
        """Try again to have a device, or a preset, that was not there; gives it back.

        Raises:
            UsageError: nothing of that name is missing.
            DeviceError: it is still not there.
        """
        presets = {one.name: one for one in self.bench.standing if isinstance(one, MissingPreset)}
        known = {**self.absent, **presets}
        if name not in known or self.origin.build is None:
            raise UsageError(f"{name} is not missing; {close_match(name, known) if known else 'nothing is'}")
        try:
            found = self.origin.build(name)
        except Exception as error:
            if name in presets:
                self.missing_preset(name, error)
            config = self.origin.config
            raise DeviceError(self.missing(name, error, config is not None and name in config.objects)) from error
        if name in presets:
            self.add_preset(found, name)  # in the place that was kept for it
            if isinstance(found, ChainPreset):
                self.bench.standing.remove(name=name)
        self.put(name, found)
        self.add_aliases(name)
        return found

    def _again(self, name: str) -> Any:
        """The device that was not there, as it is used; it is asked once, in its own time."""
        if name not in self.absent:
            return self.devices[name]
        found = self.retry(name)
        print(f"{name} is there now")
        return found

    def add_aliases(self, name: str) -> None:
        """Add the aliases that the description has for a device, unless it is not there."""
        for alias, target in self.origin.aliases.items():
            if target == name and name not in self.absent:
                if isinstance(self.env_dict.get(alias), Absent):
                    del self.env_dict[alias]
                self.aliases.add(alias, self._groups.named(name))

    # -- opening and closing ------------------------------------------------------------------------------

    def setup(self) -> None:
        """Run the setup file, as when the session was opened.

        Raises:
            UsageError: it can't be read, or is no Python; or whatever it raises.
        """
        self.scripts.setup()
        self.take_assigned_group()

    def take_up(self, written: Iterable[str] = ()) -> list[str]:
        """Take over what was kept of SCAN_SAVING and the user's scripts, and keep both from now on.

        Returns a line for each of the fields `written` in the YAML that is different.
        """
        keeper = self.origin.keeper
        lines = keeper.keep(f"{self.name}:SCAN_SAVING", self.scan_saving, written)
        return [*lines, *keeper.keep(f"{self.name}:scripts", self.scripts)]

    def take_up_group(self) -> list[str]:
        """Take over which measurement group was active: after the setup file, which may have made it."""
        return self.origin.keeper.keep(f"{self.name}:ACTIVE_MG", self._groups)

    def _keep_group(self, group: MeasurementGroup) -> None:
        for line in self.origin.keeper.keep(f"{self.name}:{group.name}", group):
            print(line)

    def forget(self, name: str) -> None:
        """Keep no more of what was set on a device: when the session is opened next, the YAML holds.

        Raises:
            UsageError: there is no such device.
        """
        if name not in self.devices:
            raise UsageError(f"session {self.name} has no device {name!r}; {close_match(name, self.devices)}")
        self.origin.keeper.forget(name)

    def on_close(self, function: Callable[[], object]) -> None:
        """Have `function()` called at the end of `close`."""
        self._closing.append(function)

    def close(self) -> None:
        """Let everything go: settings are written, devices are closed that have something to close.

        So are those that they are made of, as the controller of an axis. A device that can be opened, as a shutter, is
        left as it is; an axis that jogs is stopped, one that moves goes on.

        Raises:
            DeviceError: some could not be closed; every one was tried.
        """
        if self.closed:
            return
        self.closed = True
        stop_jogs(self.devices.values())
        errors: list[str] = []
        made = self.origin.config.objects if self.origin.config is not None else {}
        others = {name: thing for name, thing in made.items() if name not in self.devices}
        for name, device in [*reversed(self.devices.items()), *reversed(others.items())]:
            if callable(getattr(type(device), "close", None)) and not hasattr(type(device), "open"):
                try:
                    device.close()
                except Exception as error:
                    log.error("%s could not be closed", name, exc_info=error)
                    errors.append(f"{name} could not be closed: {one_line(error)}")
        self.origin.keeper.close()
        for function in self._closing:
            function()
        if errors:
            raise DeviceError("\n".join(errors))

    def __enter__(self) -> "Session":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _reason(name: str, error: BaseException) -> str:
    """The error without the name, which the sentence has already."""
    return one_line(error).removeprefix(f"{name}: ").removeprefix(f"{name} ")


def _is_object(thing: object) -> bool:
    return isinstance(thing, Absent | Counter | CounterController | MeasurementGroup) or is_movable(thing)
