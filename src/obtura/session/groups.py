"""The measurement groups of a session, and the one that is active: `ACTIVE_MG`."""

from collections.abc import Callable, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

from obtura.contracts.absent import Absent, present
from obtura.contracts.devices import Counter
from obtura.contracts.settings import OnSetting, Setting
from obtura.data.template import close_match
from obtura.display.grid import grid, terminal_width
from obtura.ground.errors import DeviceError, UsageError
from obtura.session.listing import counters_of
from obtura.session.measurement_group import MeasurementGroup

__all__ = ["ActiveGroup", "Groups"]


class Groups:
    """The measurement groups of a session.

    `objects` gives the session's objects by name, `keep` has the settings of a new group kept. `Group`: the class
    of groups that belong to this session as soon as they are made.
    """

    def __init__(
        self, objects: Callable[[], Mapping[str, Any]], keep: Callable[[MeasurementGroup], None] | None = None
    ) -> None:
        self._objects = objects
        self._keep = keep
        self._groups: dict[str, MeasurementGroup] = {}
        self._active: MeasurementGroup | None = None
        self._listener: OnSetting | None = None
        self.Group: type[MeasurementGroup] = type(
            "MeasurementGroup", (MeasurementGroup,), {"source": self, "__doc__": MeasurementGroup.__doc__}
        )

    def __info__(self) -> str:
        rows = [
            ["*" if group is self._active else "", group.name, group.active_state_name, ", ".join(group.enabled)]
            for group in self._groups.values()
        ]
        return grid(["active", "group", "state", "enabled"], rows, terminal_width()) if rows else "no measurement group"

    def add(self, group: MeasurementGroup) -> None:
        """Take a group in; it takes the place of one of the same name. The first one becomes active."""
        former = self._groups.get(group.name)
        self._groups[group.name] = group
        group.source = self
        if self._active is None or self._active is former:
            self._active = group
        if self._keep is not None:
            self._keep(group)

    def all(self) -> list[MeasurementGroup]:
        """Every group, in the order in which they came."""
        return list(self._groups.values())

    def lsmg(self) -> None:
        """Print the measurement groups; a star marks the active one."""
        print(self.__info__())

    # -- the active one -----------------------------------------------------------------------------------

    @property
    def active(self) -> MeasurementGroup:
        """The active group.

        Raises:
            UsageError: there is none.
        """
        if self._active is None:
            raise UsageError('there is no measurement group; make one: MeasurementGroup("align", [diode, monitor])')
        return self._active

    def activate(self, group: MeasurementGroup) -> None:
        """From now on scans that name no counter count this group."""
        self._active = group
        if self._listener is not None:
            self._listener("active", group.name)

    def default_counters(self) -> Sequence[Any]:
        """What is counted when a scan names no counter: the active group; nothing when there is no group."""
        return [self._active] if self._active is not None else ()

    # -- what groups ask ----------------------------------------------------------------------------------

    def group(self, name: str) -> MeasurementGroup:
        """A group by name.

        Raises:
            UsageError: there is none.
        """
        if name not in self._groups:
            raise UsageError(f"there is no measurement group {name!r}; {close_match(name, self._groups)}")
        return self._groups[name]

    def matching(self, pattern: str) -> list[Counter]:
        """The counters of that name, of the device of that name, or those with a name that matches."""
        objects = self._objects()
        if pattern in objects:
            return _counters(objects[pattern])
        counters = list({id(one): one for thing in objects.values() for one in _counters(thing)}.values())
        names = self.names_of(counters)
        return [
            one for one, own in zip(counters, names, strict=True) if any(fnmatchcase(name, pattern) for name in own)
        ]

    def named(self, name: str) -> Any:
        """The object of a name, or the one counter of it: `mca:dead_time`.

        Raises:
            UsageError: there is none.
            DeviceError: it is not there.
        """
        objects = self._objects()
        if name in objects:
            return present(objects[name])
        found = self.matching(name)
        if len(found) != 1:
            raise UsageError(self.why_missing(name))
        return found[0]

    def names_of(self, counters: Sequence[Counter]) -> list[set[str]]:
        """Of each counter its name, its full name, `device:counter`, and the names of what holds it."""
        names = {id(counter): {counter.name, counter.fullname} for counter in counters}
        for name, thing in self._objects().items():
            for counter in _counters(thing):
                if id(counter) in names:
                    names[id(counter)] |= (
                        {name} if thing is counter else {name, f"{name}:{counter.name}", f"{name}.{counter.name}"}
                    )
        return [names[id(counter)] for counter in counters]

    def has_again(self, name: str) -> bool:
        """Whether the device in which `name` is missing is there after all; it is asked once more."""
        objects = self._objects()
        thing = objects.get(name, objects.get(name.partition(":")[0]))
        try:
            return isinstance(thing, Absent) and present(thing) is not None
        except DeviceError:
            return False

    def why_missing(self, name: str) -> str:
        """Why no counter matches `name`."""
        objects = self._objects()
        thing = objects.get(name, objects.get(name.partition(":")[0]))
        if isinstance(thing, Absent):
            return str(thing)
        if name in objects:
            return f"{name} is no counter and holds none"
        counters = {counter.name for thing in objects.values() for counter in _counters(thing)}
        return f"no counter is called {name!r}; {close_match(name, [*counters, *_holders(objects)])}"

    # -- settings -----------------------------------------------------------------------------------------

    def settings(self) -> Mapping[str, Setting]:
        """The name of the active group."""
        return {"active": self._active.name if self._active is not None else None}

    def restore(self, settings: Mapping[str, Setting]) -> None:
        """Take over which group was active.

        Raises:
            UsageError: there is no such group any more.
        """
        if (name := settings.get("active")) is not None:
            self._active = self.group(str(name))

    def on_setting(self, listener: OnSetting | None) -> None:
        """Tell `listener` of every change from now on; None: nobody."""
        self._listener = listener


class ActiveGroup:
    """`ACTIVE_MG`: the active measurement group of the session, whichever it is.

    `ACTIVE_MG.enable("diode")`, `ACTIVE_MG.disable("mca:*")`, and whatever else a `MeasurementGroup` can do.
    """

    def __init__(self, groups: Groups) -> None:
        self._groups = groups

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(self._groups.active, name)

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *dir(MeasurementGroup)})

    def __info__(self) -> str:
        return self._groups.active.__info__()

    def __repr__(self) -> str:
        return f"ACTIVE_MG: {self._groups.active!r}" if self._groups.all() else "ACTIVE_MG: there is no group"


def _counters(thing: Any) -> list[Counter]:
    """The counters in a device; what is not there has none, and groups only borrow theirs."""
    return [] if isinstance(thing, Absent | MeasurementGroup | ActiveGroup) else counters_of(thing)


def _holders(objects: Mapping[str, Any]) -> list[str]:
    return [name for name, thing in objects.items() if _counters(thing)]
