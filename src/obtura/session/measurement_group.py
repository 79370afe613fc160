"""A measurement group: what is counted when a scan names no counter, each counter enabled or disabled."""

from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any, Protocol

from obtura.contracts.devices import Counter
from obtura.contracts.settings import OnSetting, Setting
from obtura.data.template import close_match
from obtura.display.grid import grid
from obtura.ground.errors import ArgumentError, UsageError
from obtura.scans.default_chain import expand_counters

__all__ = ["CounterSource", "MeasurementGroup"]

DEFAULT = "default"
"""The name of the state that every group has."""


class CounterSource(Protocol):
    """Where a group finds counters and other groups by name: its session."""

    def matching(self, pattern: str) -> Sequence[Counter]:
        """The counters of that name, of the device of that name, or those that match; none when there are none."""

    def names_of(self, counters: Sequence[Counter]) -> Sequence[set[str]]:
        """Of each counter every name under which it may be asked for."""

    def has_again(self, name: str) -> bool:
        """Whether the device in which `name` is missing is there after all; it is asked once more."""

    def why_missing(self, name: str) -> str:
        """Why nothing matches `name`, in words, with what was perhaps meant."""

    def group(self, name: str) -> "MeasurementGroup":
        """Another group; raises `UsageError` when there is none."""

    def add(self, group: "MeasurementGroup") -> None:
        """Take a new group in."""

    def activate(self, group: "MeasurementGroup") -> None:
        """From now on scans that name no counter count this group."""


class MeasurementGroup:
    """Counters that are counted together: those of its counters that are enabled in its present state.

    `counters`: names of counters (`diode`), of devices for all their counters (`mca`), patterns (`mca:*`); in
    Python also counters and devices themselves; or a mapping with these keys. `include`: names of other groups,
    whose counters this one has too. `disabled`: names and patterns of those that are disabled at first. Which are
    enabled is kept from session to session, for each state.
    """

    source: CounterSource | None = None
    """A session's own class has it from the start, others once they are added to a session."""

    def __init__(
        self,
        name: str,
        counters: Sequence[Any] | Mapping[str, Sequence[Any]] = (),
        include: Sequence[Any] = (),
        disabled: Sequence[str] = (),
    ) -> None:
        self.name = name
        if isinstance(counters, Mapping):
            include = counters.get("include", include)
            disabled = counters.get("disabled", disabled)
            counters = counters.get("counters", ())
        self._given = _listed(f"MeasurementGroup {name}: counters", counters)
        self._include = _listed(f"MeasurementGroup {name}: include", include)
        self._added: list[Any] = []
        self._removed: list[str] = []
        self._states: dict[str, list[str]] = {DEFAULT: list(disabled)}  # what is disabled: names and patterns
        self._state = DEFAULT
        self._listener: OnSetting | None = None
        if self.source is not None:
            self.source.add(self)

    # -- what there is ------------------------------------------------------------------------------------

    @property
    def available(self) -> list[str]:
        """The full names of its counters, enabled or not."""
        return [counter.fullname for counter in self._available()]

    @property
    def enabled(self) -> list[str]:
        """The full names of the counters that are counted."""
        return [counter.fullname for counter in self._enabled()]

    @property
    def disabled(self) -> list[str]:
        """The full names of the counters that are not counted."""
        return [counter.fullname for counter in self._named(self._available(), self._entries)]

    @property
    def missing(self) -> list[str]:
        """The enabled names that no counter has now: a device that is not there, a slip in the YAML."""
        return [name for name in self._absent() if not any(fnmatchcase(name, entry) for entry in self._entries)]

    @property
    def counters(self) -> Mapping[str, Counter]:
        """The enabled counters by full name; so a group may be named in a scan like a counter.

        Raises:
            UsageError: none is enabled, or one is not there.
        """
        for name in self.missing:
            if self.source is not None and self.source.has_again(name) and self._counters_of(name):
                continue
            raise ArgumentError(
                f"{name} of measurement group {self.name} can't be counted: {self._why_not(name)}\n"
                f"To count without it: {self.name}.disable({name!r})"
            )
        enabled = self._enabled()
        if not enabled:
            hint = f"enable some, as with {self.name}.enable_all()" if self._available() else "add some"
            raise ArgumentError(f"measurement group {self.name} has no enabled counter: {hint}")
        return {counter.fullname: counter for counter in enabled}

    # -- enable, disable ----------------------------------------------------------------------------------

    def enable(self, *counters: Any) -> None:
        """Count these from now on: names, patterns (`"mca:*"`), counters or devices.

        Raises:
            UsageError: one matches no counter of the group; nothing was changed.
        """
        chosen, absent = self._chosen("enable", counters)
        available = self._available()
        still = [each.fullname for each in self._named(available, self._entries) if each not in chosen]
        elsewhere = [entry for entry in self._entries if not self._named(available, [entry]) and entry not in absent]
        self._set([*still, *elsewhere])

    def disable(self, *counters: Any) -> None:
        """Don't count these any more: names, patterns, counters or devices.

        Raises:
            UsageError: one matches no counter of the group; nothing was changed.
        """
        chosen, absent = self._chosen("disable", counters)
        self._set([*self._entries, *(each.fullname for each in chosen), *absent])

    def enable_all(self) -> None:
        """Count every counter of the group."""
        self._set([])

    def disable_all(self) -> None:
        """Count none."""
        self._set([*self._entries, *self.available, *self._absent()])

    # -- members ------------------------------------------------------------------------------------------

    def add(self, *counters: Any) -> None:
        """Add counters or devices, or names of some; they are enabled.

        Raises:
            UsageError: one is no counter and holds none; nothing was changed.
        """
        for each in counters:
            if not self._counters_of(each):
                raise UsageError(f"{self.name}.add: {self._why_not(each)}")
        new = [counter for each in counters for counter in self._counters_of(each)]
        self._removed = [entry for entry in self._removed if not self._named(new, [entry])]
        known = self._available()
        self._added += [each for each in counters if any(one not in known for one in self._counters_of(each))]
        self._tell_members()
        self.enable(*new)

    def remove(self, *counters: Any) -> None:
        """Take counters out of the group: names, patterns, counters or devices.

        Raises:
            UsageError: one matches no counter of the group; nothing was changed.
        """
        chosen, absent = self._chosen("remove", counters)
        self._added = [one for one in self._added if not any(one is each or one == each for each in counters)]
        left = [each.fullname for each in self._available() if each in chosen]
        self._removed += [*left, *(name for name in absent if name in self._absent())]
        self._tell_members()

    # -- states -------------------------------------------------------------------------------------------

    @property
    def state_names(self) -> list[str]:
        """The states there are; each remembers which counters are enabled."""
        return list(self._states)

    @property
    def active_state_name(self) -> str:
        """The present state."""
        return self._state

    def switch_state(self, name: str) -> None:
        """Go to another state; a new one begins as a copy of the present one."""
        if not isinstance(name, str) or not name:
            raise UsageError(f"{self.name}.switch_state: a state needs a name, got {name!r}")
        entries = self._entries
        self._state = name
        self._set(self._states.get(name, entries))
        self._tell("state", name)

    def remove_states(self, *names: str) -> None:
        """Forget states; if the present one is among them, go to `default`, which always stays.

        Raises:
            UsageError: there is no such state, or it is `default`; nothing was changed.
        """
        for name in names:
            if name not in self._states:
                raise UsageError(f"{self.name} has no state {name!r}; {close_match(str(name), self._states)}")
            if name == DEFAULT:
                raise UsageError(f"{self.name}: the state {DEFAULT!r} can't be removed")
        self._states = {name: entries for name, entries in self._states.items() if name not in names}
        if self._state not in self._states:
            self._state = DEFAULT
            self._tell("state", DEFAULT)
        self._set(self._entries)

    def set_active(self) -> None:
        """Have scans that name no counter count this group from now on: it becomes `ACTIVE_MG`.

        Raises:
            UsageError: it belongs to no session.
        """
        if self.source is None:
            raise UsageError(
                f"{self.name}.set_active(): the group belongs to no session; session.add_group({self.name})"
            )
        self.source.activate(self)

    # -- settings -----------------------------------------------------------------------------------------

    def settings(self) -> Mapping[str, Setting]:
        """The states, and by name what was added and removed by hand."""
        return {
            "state": self._state,
            "states": {name: list(entries) for name, entries in self._states.items()},
            "added": list(dict.fromkeys(name for each in self._added for name in self._names_to_keep(each))),
            "removed": list(self._removed),
        }

    def restore(self, settings: Mapping[str, Setting]) -> None:
        """Take over what an earlier session kept.

        Raises:
            UsageError: a value that can't be; nothing was taken over.
        """
        states, state = settings.get("states", self._states), settings.get("state", self._state)
        if not isinstance(states, Mapping) or not isinstance(state, str):
            raise UsageError(f"{self.name}: state {state!r} of states {states!r} can't be")
        taken = {str(name): _names(self.name, entries) for name, entries in states.items()}
        added = _names(self.name, settings.get("added", self._added))
        self._removed = _names(self.name, settings.get("removed", self._removed))
        self._states = {DEFAULT: self._states[DEFAULT], **taken}
        self._state = state if state in self._states else DEFAULT
        self._added = list(added)

    def on_setting(self, listener: OnSetting | None) -> None:
        """Tell `listener` of every change from now on; None: nobody."""
        self._listener = listener

    # -- inside -------------------------------------------------------------------------------------------

    @property
    def _entries(self) -> list[str]:
        return self._states[self._state]

    def _set(self, entries: Iterable[str]) -> None:
        self._states[self._state] = list(dict.fromkeys(entries))
        self._tell("states", self.settings()["states"])

    def _tell_members(self) -> None:
        settings = self.settings()
        self._tell("added", settings["added"])
        self._tell("removed", settings["removed"])

    def _tell(self, key: str, value: Setting) -> None:
        if self._listener is not None:
            self._listener(key, value)

    def _family(self) -> "list[MeasurementGroup]":
        """This group and those it includes, each once, also when they include each other."""
        family: list[MeasurementGroup] = [self]
        for group in family:
            for one in group._include:
                other = self.source.group(one) if isinstance(one, str) and self.source is not None else one
                if not isinstance(other, MeasurementGroup):
                    raise UsageError(f"{group.name} includes {one!r}, which is no measurement group")
                if other not in family:
                    family.append(other)
        return family

    def _members(self) -> list[Any]:
        return [each for group in self._family() for each in (*group._given, *group._added)]

    def _available(self) -> list[Counter]:
        found = list({id(one): one for member in self._members() for one in self._counters_of(member)}.values())
        removed = self._named(found, self._removed)
        return [one for one in found if one not in removed]

    def _enabled(self) -> list[Counter]:
        available = self._available()
        disabled = self._named(available, self._entries)
        return [one for one in available if one not in disabled]

    def _absent(self) -> list[str]:
        names = [member for member in self._members() if isinstance(member, str) and not self._counters_of(member)]
        return [name for name in dict.fromkeys(names) if name not in self._removed]

    def _counters_of(self, member: Any) -> list[Counter]:
        if not isinstance(member, str):
            return expand_counters([member])
        return list(self.source.matching(member)) if self.source is not None else []

    def _named(self, counters: Sequence[Counter], patterns: Sequence[str]) -> list[Counter]:
        """Those of `counters` that have a name which is, or matches, one of `patterns`."""
        if not patterns:
            return []
        exact = {pattern for pattern in patterns if not set(pattern) & set("*?[")}
        globs = [pattern for pattern in patterns if pattern not in exact]
        known = (
            self.source.names_of(counters)
            if self.source is not None
            else [{counter.name, counter.fullname} for counter in counters]
        )
        return [
            counter
            for counter, names in zip(counters, known, strict=True)
            if exact & names or any(fnmatchcase(name, glob) for glob in globs for name in names)
        ]

    def _chosen(self, action: str, asked: Iterable[Any]) -> tuple[list[Counter], list[str]]:
        """The counters of this group that are meant, and the names of those that are meant and not there."""
        available, absent = self._available(), self._absent()
        chosen: list[Counter] = []
        named: list[str] = []
        for each in asked:
            if isinstance(each, str):
                meant = self._named(available, [each])
                named += (gone := [name for name in absent if fnmatchcase(name, each)])
            else:
                meant, gone = [counter for counter in expand_counters([each]) if counter in available], []
            if not meant and not gone:
                known = [*(counter.name for counter in available), *absent]
                name = getattr(each, "name", each)
                raise UsageError(
                    f"{self.name}.{action}: no counter of the group is {name!r}; {close_match(str(name), known)}"
                )
            chosen += meant
        return chosen, named

    def _why_not(self, name: Any) -> str:
        if self.source is None or not isinstance(name, str):
            return f"{name!r} is not known: the group belongs to no session"
        return self.source.why_missing(name)

    def _names_to_keep(self, member: Any) -> list[str]:
        return [member] if isinstance(member, str) else [one.fullname for one in expand_counters([member])]

    def __info__(self) -> str:
        absent = self.missing
        columns = {
            "Enabled": [*self.enabled, *(f"{name} (not there)" for name in absent)],
            "Disabled": [*self.disabled, *(f"{name} (not there)" for name in self._absent() if name not in absent)],
        }
        height = max(1, *map(len, columns.values()))
        rows = [[names[row] if row < len(names) else "" for names in columns.values()] for row in range(height)]
        return f"MeasurementGroup {self.name}, state {self._state!r}\n\n{grid(list(columns), rows)}"

    def __repr__(self) -> str:
        return f"MeasurementGroup({self.name!r}, {len(self.enabled)} of {len(self._available())} counters enabled)"


def _listed(what: str, given: Any) -> list[Any]:
    if isinstance(given, str) or not isinstance(given, Iterable):
        raise UsageError(f"{what} must be a list, got {given!r}")
    return list(given)


def _names(group: str, value: Any) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise UsageError(f"{group}: {value!r} is no list of names")
    return list(value)
