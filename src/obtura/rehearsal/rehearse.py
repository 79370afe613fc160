"""A night in seconds: the script runs on simulated devices, on a clock that does not wait."""

import contextlib
import os
import re
import runpy
import sqlite3
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from obtura.contracts.counters import SamplingCounterController
from obtura.contracts.pretending import pretend
from obtura.data.disk import reason
from obtura.data.master import entry_names
from obtura.data.saving import all_below
from obtura.devices.sim.ring import SimulatedRing
from obtura.devices.sim.world import World, shared_world
from obtura.ground.errors import UsageError, one_line
from obtura.ground.seconds import is_time
from obtura.rehearsal.events import QUIET, Night, read_night
from obtura.rehearsal.happen import Happenings
from obtura.rehearsal.moments import span_text
from obtura.rehearsal.passing import FullDisk, LastSteps, night_time, output_to
from obtura.rehearsal.report import FAILED, FileSeen, Report
from obtura.rehearsal.standins import rehearsed, settings_elsewhere
from obtura.rehearsal.stuck import Stuckness
from obtura.rehearsal.timeline import Timeline
from obtura.rehearsal.troubles import can_fail
from obtura.session.messages import places, told_of_script
from obtura.session.opening import Found, find_session, open_found
from obtura.session.session import Session
from obtura.session.settings import settings_path
from obtura.session.simulating import needed
from obtura.works.ordered import OrderedTime

__all__ = ["rehearse"]

FREQUENCY = 1.0
"""Counters are read that often per s at most: a night has many seconds."""

PATIENCE = 60.0
"""Seconds of the machine's time that no time of the night may pass."""

OUTPUT = "output.txt"
SETTINGS = "settings.db"


def rehearse(
    name: str | None,
    script: Path,
    data: Path | None = None,
    events: Path | None = None,
    config: str | None = None,
    arguments: Sequence[str] = (),
    simulate: bool = False,
    patience: float = PATIENCE,
) -> Report:
    """Run a script with the names of a session in it, as if a whole night passed. In the main thread.

    `name`, `config`: as of `load_session`. `events`: a file of YAML with what happens; None: nothing. `data`: an empty
    directory for everything that is written, None for a temporary one: what was meant for /data goes to data/data,
    what is printed to output.txt. `simulate`: simulated devices stand in for real axes, counters, shutters,
    multiplexers and rings.
    `patience`: a hook or script that lets no time of the night pass for so many s of the machine's time is ended, and
    so is one that goes on after the night's limit; the report names it with its line. If it can't be ended the process
    is, with the report so far on stderr.

    Raises:
        UsageError: `patience` is no time, there is no such session or file, a device is real, `data` is not empty;
            nothing was touched.
        ConfigError: the description or the file of events has mistakes.
    """
    if not is_time(patience):
        raise UsageError(f"patience must be a number of seconds above 0, got {patience!r}")
    if not script.is_file():
        raise UsageError(f"{script}: no such file")
    found = find_session(name, config)
    if events is not None:
        read_night(events)  # its mistakes come first, before anything is made
    described, stand_ins = _described(found, simulate)
    data = _empty(data)
    if described is not None:
        _copy_settings(settings_path(described), data / SETTINGS)
        described = settings_elsewhere(described, data / SETTINGS)
    night = QUIET if events is None else read_night(events)
    return _Rehearsal(Found(found.name, described), script, data, night, events, stand_ins).run(arguments, patience)


def _empty(data: Path | None) -> Path:
    if data is None:
        return Path(tempfile.mkdtemp(prefix="rehearsal-"))
    try:
        if data.exists() and (not data.is_dir() or any(data.iterdir())):
            raise UsageError(f"{data} is not empty: say where else the data of the rehearsal may go")
        data.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"{data} can't be written: {reason(error)}; say where else the data may go") from error
    return data


def _described(found: Found, simulate: bool) -> tuple[Any, tuple[str, ...]]:
    if found.described is None:
        return None, ()
    described = rehearsed(found.described, found.name, simulate)
    names = [each.name for each in needed(described, described.session(found.name))]
    changed = [name for name in names if described.describe(name) is not found.described.describe(name)]
    return described, tuple(f"{name} ({found.described.describe(name).class_name})" for name in changed)


def _copy_settings(from_: Path, to: Path) -> None:
    if not from_.is_file():
        return
    try:
        with (
            contextlib.closing(sqlite3.connect(f"{from_.absolute().as_uri()}?mode=ro", uri=True)) as source,
            contextlib.closing(sqlite3.connect(to)) as copy,
        ):
            source.backup(copy)
    except sqlite3.Error as error:
        raise UsageError(f"the settings can't be copied from {from_}: {one_line(error)}") from error


class _Rehearsal:
    def __init__(
        self, found: Found, script: Path, data: Path, night: Night, events: Path | None, stand_ins: tuple[str, ...]
    ) -> None:
        self._found = found
        self._script = script
        self._data = data.resolve()
        self._night = night
        self._events = events
        self._stand_ins = stand_ins
        self._time = OrderedTime(night.start.timestamp())
        self._timeline = Timeline(night.start.timestamp())
        self._disk = FullDisk(self._data)
        self._error: BaseException | None = None
        self._happenings: Happenings | None = None
        self._steps = LastSteps(self._time, lambda text: self._timeline.note(self._time.time(), "failed", text))
        self._stuck = Stuckness(str(script), self._time, self._hangs, self._is_lost, self._end)

    def run(self, arguments: Sequence[str], patience: float) -> Report:
        """Do it, with `arguments` for the script; Ctrl-C ends it, and what was found so far is reported."""
        kept = sys.argv, sys.path[:]
        with contextlib.ExitStack() as stack:
            night = night_time(self._time, self._steps)
            for context in (output_to(self._data / OUTPUT), night, all_below(self._data), pretend()):
                stack.enter_context(context)
            session = stack.enter_context(self._session())
            stack.enter_context(self._stuck.leash(patience))
            try:
                sys.argv = [str(self._script), *arguments]
                sys.path.insert(0, str(self._script.parent.resolve()))
                with self._disk.watched():
                    runpy.run_path(str(self._script), init_globals=session.namespace(), run_name="__main__")
            except SystemExit as ended:
                if getattr(ended, "__notes__", None) or ended.code not in (None, 0):
                    self._error = ended
            except BaseException as error:  # noqa: BLE001 - whatever ends the script is reported
                self._error = error
            finally:
                sys.argv, sys.path[:] = kept
            return self._report()

    @contextlib.contextmanager
    def _session(self) -> Iterator[Session]:
        session = open_found(self._found)
        try:
            if session.absent:
                raise UsageError("\n".join(map(str, session.absent.values())))
            session.add_consumer(self._timeline.follower)
            session.on_scan_end(lambda scan: self._timeline.ended(self._time.time(), scan))
            made = session.origin.config.objects if session.origin.config is not None else {}
            self._furnish(session, {**made, **session.devices})
            yield session
        finally:
            session.close()

    def _furnish(self, session: Session, things: dict[str, Any]) -> None:
        """Have devices do what the events say."""
        devices = can_fail(things.items())
        if self._events is not None:
            self._night = read_night(self._events, devices)
        for thing in things.values():
            controller = thing if isinstance(thing, SamplingCounterController) else getattr(thing, "controller", None)
            if isinstance(controller, SamplingCounterController):
                frequency = controller.max_sampling_frequency
                controller.max_sampling_frequency = FREQUENCY if frequency is None else min(frequency, FREQUENCY)
        worlds = {id(world): world for world in (*things.values(), shared_world()) if isinstance(world, World)}
        rings = {id(ring): ring for ring in things.values() if isinstance(ring, SimulatedRing)}
        self._happenings = Happenings(self._night, self._time, self._timeline, self._disk, devices)
        self._happenings.plan(rings.values(), worlds.values())

    def _hangs(self, time: float, text: str) -> None:
        self._timeline.note(time, "hangs", text)

    def _is_lost(self) -> int:
        """How often the script, or a hook, was told to end, and did not."""
        return self._steps.given_up + (0 if self._happenings is None else self._happenings.unheard)

    def _end(self) -> None:
        """It can't be got out of its call."""
        os.write(2, f"{self._report()}\n".encode())  # a stream could be shut, or captured
        os._exit(FAILED)

    # -- what was found -----------------------------------------------------------------------------------

    def _report(self) -> Report:
        error, seconds = self._error, round(self._time.time(), 3)
        planned = self._happenings is not None and (self._happenings.pressed or self._happenings.over)
        planned = planned or bool(self._stuck.found)
        interrupted = isinstance(error, KeyboardInterrupt) and not planned
        ending = "ended" if error is None else f"ended: {one_line(error)}"
        self._timeline.note(seconds, "script", f"{self._script.name} {ending}")
        waits = {who: (len(spans), sum(spans)) for who, spans in sorted(self._timeline.waits.items())}
        return Report(
            session=self._found.name,
            script=str(self._script),
            start=self._night.start,
            seconds=seconds,
            timeline=tuple(each._replace(text=self._without_data(each.text)) for each in self._timeline.ordered()),
            scans=tuple(
                scan._replace(filename=None if scan.filename is None else self._meant(scan.filename))
                for scan in sorted(self._timeline.scans, key=lambda scan: (scan.began, scan.number))
            ),
            waits=waits,
            files=tuple(self._files()),
            data=self._data,
            simulated=self._stand_ins,
            error=None if error is None and not self._stuck.found else self._without_data(self._told(error)),
            traceback=() if error is None else tuple(places(error, self._script)),
            interrupted=interrupted,
        )

    def _told(self, error: BaseException | None) -> str:
        if self._stuck.found or error is None:
            lines = [f"!!! {self._stuck.found[0]}", *([] if error is None else places(error, self._script))]
            return "\n    ".join(lines)
        if self._happenings is not None and self._happenings.over and isinstance(error, KeyboardInterrupt):
            lines = [f"!!! the script has not ended after {span_text(self._night.limit)}", *places(error, self._script)]
            return "\n    ".join(lines)
        return told_of_script(error, self._script)

    def _meant(self, path: str) -> str:
        """Where a file would be written if this were no rehearsal."""
        return "/" + Path(path).relative_to(self._data).as_posix()

    def _without_data(self, text: str) -> str:
        """With the files that are meant in place of those of the rehearsal; the spool stays where it is."""
        return re.sub(rf"{re.escape(str(self._data))}/(?!{self._disk.spool.name}\b)", "/", text)

    def _files(self) -> Iterator[FileSeen]:
        for path in dict.fromkeys(scan.filename for scan in self._timeline.scans if scan.filename is not None):
            master = Path(path)
            if master.is_file():
                parts = master.with_suffix("")
                below = [each for each in parts.rglob("*") if each.is_file()] if parts.is_dir() else []
                size = sum(each.stat().st_size for each in (master, *below))
                entries = tuple(sorted(entry_names(master), key=lambda name: [int(part) for part in name.split(".")]))
                yield FileSeen(self._meant(path), str(master), entries, size)
