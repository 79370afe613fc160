"""Opening a session by name: `load_session("demo")`. What is wrong with a device is told, and the session opens."""

import logging
import os
import sys
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from obtura.devices.calc_axis import CalcAxes
from obtura.devices.energy import EnergyWavelength
from obtura.ground.errors import UsageError
from obtura.session import opened
from obtura.session.aftermath import left_behind, said_of, tell
from obtura.session.at_home import feel_at_home
from obtura.session.borrowed import Borrowed
from obtura.session.builtin import DEMO, demo_session
from obtura.session.checking import OwnerError, check_all, check_of
from obtura.session.config import Config, ConfigError, SessionSpec, config_directory
from obtura.session.config.files import MARK
from obtura.session.config.restored import differences
from obtura.session.config.twins import substitute
from obtura.session.first_saving import first_saving
from obtura.session.hidden import hidden_names
from obtura.session.keeping import Keeper, is_persistent
from obtura.session.making import Making, Objects
from obtura.session.manner import PLAIN, Manner, adopt
from obtura.session.measurement_group import MeasurementGroup
from obtura.session.messages import told
from obtura.session.muzzle import muzzle
from obtura.session.origin import Origin
from obtura.session.patience import ask_all
from obtura.session.safeguard import safeguard
from obtura.session.session import Session
from obtura.session.settings import Settings, ledger_of, settings_path
from obtura.session.simulating import simulated

__all__ = ["Found", "default_session", "find_session", "load_session", "open_found"]

log = logging.getLogger(__name__)

DEADLINE = 20.0
"""Seconds that all devices together have to be made, and as many to answer."""

_open: dict[tuple[Path | None, str], Session] = {}


class Found(NamedTuple):
    """A session that can be opened: its name, and the description it is in; None: the one that is built in.

    `manner`: how it is to be opened. `told`: what is said when it is.
    """

    name: str
    described: Config | None
    manner: Manner = PLAIN
    told: tuple[str, ...] = ()


def load_session(
    name: str | None = None,
    config: str | os.PathLike[str] | None = None,
    display: bool = True,
    *,
    simulate: bool = False,
    read_only: bool = False,
) -> Session:
    """Open a session: `session = load_session("align")`; the same one again while it is open.

    `name`: None for the one that the beamline's `obtura.yml` names, or its only one; without a beamline `demo`,
    which is always there. `config`: the directory of YAML that describes the beamline; None: $OBTURA_CONFIG, else
    here or the nearest parent that has an `obtura.yml`. `display`: whether scans are shown. Devices that do not
    answer are told, and refuse when they are used.

    `simulate`: simulated devices of the same names stand in for real ones, data go below `~/scans/simulated`.
    `read_only`: from now on no device of this process is told anything; nothing is saved. Neither writes settings.

    Raises:
        UsageError: there is no such session or directory, or none is named where there are several, or none; or one
            is open already that is not opened in the same manner.
        ConfigError: the YAML has mistakes; nothing was made.
    """
    return open_found(find_session(name, config, Manner(read_only, simulate)), display)


def find_session(
    name: str | None = None, config: str | os.PathLike[str] | None = None, manner: Manner = PLAIN
) -> Found:
    """Find a session without opening it; arguments and errors as of `load_session`."""
    described = _described(config, name, manner.simulate)
    chosen = name if name is not None else default_session(described)
    if described is not None:
        if chosen is None:
            raise UsageError(_which(described))
        if chosen in described.sessions or chosen != DEMO:
            name = described.session(chosen).name
            if not manner.simulate:
                return Found(name, described, manner)
            double = simulated(described, name)
            return Found(name, double.config, manner, double.told)
    if chosen != DEMO:
        raise UsageError(
            f"there is no session {chosen!r} but {DEMO}: here and above is no {MARK}; "
            "say where the beamline is described: --config DIR, or the variable OBTURA_CONFIG"
        )
    return Found(DEMO, None, manner)


def open_found(found: Found, display: bool = True) -> Session:
    """Open what was found."""
    key = (None if found.described is None else found.described.directory.resolve()), found.name
    session = _open.get(key)
    if session is not None and not session.closed and session.origin.manner == found.manner:
        return session
    newest = opened.newest()
    with adopt(found.manner, None if newest is None else newest.origin.manner) as way_back:
        if found.described is None:
            session = demo_session(found.manner)
        else:
            session = _Opening(found, found.described, found.described.session(found.name), display).session
        session.on_close(way_back.pop_all().close)
    _open[key] = session
    feel_at_home(session.namespace().values())
    return session


def _described(config: str | os.PathLike[str] | None, name: str | None, simulate: bool) -> Config | None:
    """The description of the beamline, or None where there is none. Mistakes in it don't keep `demo` from opening."""
    directory = config_directory(config)
    try:
        return Config.load(directory, substitute if simulate else None) if directory is not None else None
    except ConfigError as error:
        if name != DEMO:
            raise
        print(f"!!! {len(error.problems)} problems in {directory}: this is the built-in {DEMO}", file=sys.stderr)
        return None


def default_session(described: Config | None) -> str | None:
    """The session that is opened when none is named; None: one has to be named.

    Beside a beamline that is never the demo: its simulated axes are called as real ones are elsewhere.
    """
    if described is None:
        return DEMO
    if described.facts.session:
        return described.session(described.facts.session).name
    return described.sessions[0] if len(described.sessions) == 1 else None


def _which(described: Config) -> str:
    """What to do when none is named, and there is not just one."""
    where, sessions = described.directory, described.sessions
    if not sessions:
        return (
            f"{where} describes no session: add one to its YAML, `- {{name: all, class: Session}}` has all devices; "
            f"-s {DEMO} opens the one that is built in"
        )
    return (
        f"{where} has the sessions {', '.join(sessions)}: say which, as -s {sessions[0]}, "
        f"or have {MARK} say `session: {sessions[0]}`"
    )


class _Opening:
    """The steps of opening a session; what is to be told is printed, each with a line."""

    def __init__(self, found: Found, config: Config, spec: SessionSpec, display: bool) -> None:
        self._config = config
        self._spec = spec
        self._manner = manner = found.manner
        path = settings_path(config)
        self._keeper = Keeper(Borrowed(path) if manner.borrows else Settings(path, self._warn))
        self._ledger = None if manner.borrows else ledger_of(config)
        self._known: set[str] = set()
        origin = Origin(
            title=spec.title,
            config=Objects(config, self._keep_made),
            texts=config.texts,
            setups=self._setups(spec),
            scripts=spec.scripts,
            aliases=spec.aliases,
            keeper=self._keeper,
            build=self._build,
            ledger=self._ledger,
            manner=manner,
        )
        self.session = Session(spec.name, {}, first_saving(spec), display, origin)
        opened.note(self.session)
        for line in found.told:
            self._warn(line)
        for problem in hidden_names(config, spec._replace(aliases={}), self.session.namespace()):
            self._warn(str(problem))
        self._devices()
        self._presets()
        self._consumers()
        self._groups()
        for target in dict.fromkeys(spec.aliases.values()):
            self._attempt(partial(self.session.add_aliases, target))
        self._tell(self.session.take_up(spec.saving))
        self._attempt(self.session.setup)
        self._tell(self.session.take_up_group())
        self._attempt(self._aftermath)

    # -- devices ------------------------------------------------------------------------------------------

    def _devices(self) -> None:
        names = [name for name in self._spec.devices if self._config.describe(name).role != "preset"]
        made = Making(self._config).all(names, DEADLINE)
        self._keep_made()
        owners = {name: self._config.describe(name).owner for name in names}
        wrong = check_all({name: made[name].value for name in names}, owners, DEADLINE)
        for name in names:
            error = made[name].error or wrong.get(name)
            if error is None:
                self.session.put(name, made[name].value)
                self._calculated(made[name].value)
                continue
            told = self.session.missing(name, error, made[name].error is None)
            if not isinstance(error, OwnerError):
                others = [each for each, one in wrong.items() if isinstance(one, OwnerError) and one.owner == name]
                also = f"; nor is what is listed with it: {', '.join(sorted(others, key=names.index))}"
                self._warn(told + (also if others else ""))

    def _calculated(self, thing: Any) -> None:
        """The axes that slits and their like make have names of their own."""
        for name, axis in thing.axes.items() if isinstance(thing, CalcAxes | EnergyWavelength) else ():
            if name not in self._config.names:
                self.session.put(name, axis)
                self._tell(self._keeper.keep(name, axis))

    def _build(self, name: str) -> Any:
        """One object, as it was asked for again."""
        made = Making(self._config).all([name], DEADLINE)[name]
        if made.error is not None:
            raise made.error
        self._keep_made()
        check = check_of(made.value)
        if check is not None and (error := ask_all({name: check}, DEADLINE)[name].error) is not None:
            raise error
        return made.value

    def _keep_made(self) -> None:
        """Settings for what was made, also for what others need that is not in the session itself."""
        for name, thing in self._config.objects.items():
            if name not in self._known:
                self._known.add(name)
                self._tell(self._keeper.keep(name, thing))
                if is_persistent(thing):
                    self._tell(differences(self._config, name, thing.settings()))
                if self._manner.read_only:
                    muzzle(name, thing)
                elif not self._manner.simulate:
                    for line in safeguard(thing, self._ledger):
                        self._warn(line)

    # -- what uses them -----------------------------------------------------------------------------------

    def _presets(self) -> None:
        own = [name for name in self._spec.devices if self._config.describe(name).role == "preset"]
        standing_first = dict.fromkeys([*self._spec.presets, *own])  # their order is that of the session's `presets`
        made = Making(self._config).all(standing_first, DEADLINE)
        for name, (preset, error) in made.items():
            standing = name in self._spec.presets
            if error is not None:
                said = self.session.missing(name, error)
                self._warn(self.session.missing_preset(name, error) if standing else said)
                continue
            self.session.put(name, preset)
            if standing and not self._manner.read_only:
                self.session.add_preset(preset, name)
        if self._manner.read_only and self._spec.presets:
            self._warn(f"read-only: {', '.join(self._spec.presets)} stand on no scan, for they may drive devices")

    def _consumers(self) -> None:
        if self._manner.read_only and self._spec.consumers:
            self._warn(f"read-only: left out are {', '.join(self._spec.consumers)}, which take scans elsewhere")
            return
        for name in self._spec.consumers:
            self.session.add_consumer(partial(self._config.new, name))

    def _groups(self) -> None:
        for name in self._spec.measurement_groups:
            spec = self._config.measurement_group(name)
            self.session.add_group(MeasurementGroup(spec.name, spec.counters, spec.include, spec.disabled))
        if self._spec.default_measurement_group is not None:
            self.session.group(self._spec.default_measurement_group).set_active()

    # -- files --------------------------------------------------------------------------------------------

    def _setups(self, spec: SessionSpec) -> tuple[Path, ...]:
        """The setup files of the sessions it includes, then its own; each once."""
        files = [path for name in spec.include for path in self._setups(self._config.session(name))]
        return tuple(dict.fromkeys([*files, *([spec.setup] if spec.setup is not None else [])]))

    def _aftermath(self) -> None:
        if self._ledger is not None:
            for line in tell(self._ledger, {**self._config.objects, **self.session.objects()}):
                self._warn(line)
            self._ledger.tidy()
        elif self._manner.read_only:
            for entry in left_behind(ledger_of(self._config)):
                self._warn(said_of(entry, {}))

    # -- telling ------------------------------------------------------------------------------------------

    def _attempt(self, step: Callable[[], object]) -> None:
        try:
            step()
        except BaseException as error:
            log.error("on opening session %s", self._spec.name, exc_info=error)
            print(told(error), file=sys.stderr)

    def _warn(self, text: str) -> None:
        log.warning("%s", text)
        print(f"!!! {text}", file=sys.stderr)

    def _tell(self, lines: Iterable[str]) -> None:
        for line in lines:
            log.info("%s", line)
            print(line)
