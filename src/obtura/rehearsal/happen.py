"""The events of a night put on its clock."""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

from obtura.devices.sim.ring import SimulatedRing
from obtura.devices.sim.world import World
from obtura.rehearsal.events import Happening, Night
from obtura.rehearsal.moments import span_text
from obtura.rehearsal.passing import FullDisk
from obtura.rehearsal.timeline import Timeline
from obtura.rehearsal.troubles import Trouble
from obtura.works.ordered import OrderedTime

__all__ = ["Happenings"]

REPEAT = 60.0
"""Seconds until a script is told again that the night is over."""


class Happenings:
    """What happens to these devices. `worlds`: where the beam is, unless a ring makes it."""

    def __init__(
        self, night: Night, time: OrderedTime, timeline: Timeline, disk: FullDisk, devices: Mapping[str, Any]
    ) -> None:
        self._night = night
        self._time = time
        self._timeline = timeline
        self._disk = disk
        self._rings: list[SimulatedRing] = []
        self._worlds: list[World] = []
        self._troubles: dict[str, Trouble] = {}
        self._devices = devices
        self._present: defaultdict[str, int] = defaultdict(int)
        self.pressed = False
        """Whether a Ctrl-C of the script of events came last."""
        self.over = False
        """Whether the night took longer than it may."""
        self.unheard = 0
        """How often the script was told so, and did not end."""

    def plan(self, rings: Iterable[SimulatedRing], worlds: Iterable[World]) -> None:
        """Put everything on the clock."""
        self._rings, self._worlds = list(rings), list(worlds)
        self._plan_refills()
        for happening in self._night.happenings:
            self._time.at(happening.begin, partial(self._begin, happening))
            if not math.isinf(happening.end) and happening.event != "ctrl-c":
                self._time.at(happening.end, partial(self._end, happening))
        self._time.at(self._night.limit, self._too_long)

    def _plan_refills(self) -> None:
        refills = [(each.begin, each.end) for each in self._night.happenings if each.event == "refill"]
        for ring in self._rings:
            if refills:
                ring.plan_refills(refills)

    def _begin(self, happening: Happening) -> None:
        place = f" ({happening.place.short})"
        if happening.event == "ctrl-c":
            self._timeline.note(happening.begin, "event", f"Ctrl-C{place}")
            self.pressed = True
            self._time.press()
            return
        lasts = "" if math.isinf(happening.end) else f", for {span_text(happening.end - happening.begin)}"
        self._timeline.note(happening.begin, "event", f"{happening.what}{lasts}{place}")
        self._present[happening.event] += 1
        if happening.device is not None:
            self._trouble(happening.device).begin(happening)
        self._follow(happening.event)

    def _end(self, happening: Happening) -> None:
        self._timeline.note(happening.end, "event", f"{happening.what}: over ({happening.place.short})")
        self._present[happening.event] -= 1
        if happening.device is not None:
            self._trouble(happening.device).end(happening)
        self._follow(happening.event)

    def _follow(self, event: str) -> None:
        """Have the beam and the disk be as they are said to be."""
        if event == "disk full":
            self._disk.full = self._present[event] > 0
        if event == "beam lost":
            for ring in self._rings:
                if self._present[event]:
                    ring.dump()
                else:
                    ring.fill()
        if event in ("beam lost", "refill") and not self._rings:
            dark = self._present["beam lost"] + self._present["refill"] > 0
            for world in self._worlds:
                world.beam = 0.0 if dark else 1.0

    def _trouble(self, name: str) -> Trouble:
        if name not in self._troubles:
            self._troubles[name] = Trouble(name, self._devices[name], partial(self._told, name))
        return self._troubles[name]

    def _told(self, name: str, text: str, seconds: float) -> None:
        now = self._time.time()
        if math.isinf(seconds):
            self._timeline.note(now, "device", text)
        else:
            self._timeline.note(now, "device", f"{text} for {span_text(seconds)}")
            self._timeline.hung(name, now - seconds, now)

    def _too_long(self) -> None:
        now = self._time.time()
        if not self.over:
            self._timeline.note(now, "event", f"the script has not ended after {span_text(now)}: it is ended")
        self.over = True
        self.unheard += 1
        self._time.press()
        self._time.at(now + REPEAT, self._too_long)
