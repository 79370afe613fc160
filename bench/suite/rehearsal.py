"""How fast a night passes on virtual time."""

import time

from bench.cases import Figure, Trial, case, study
from bench.floors import bare_loop
from bench.lab import Lab
from obtura.rehearsal import rehearse
from obtura.works.clock import virtual_time

COUNT_TIME = 1.0
POINTS = 2000
SCRIPT = f"loopscan({POINTS}, {COUNT_TIME:g}, diode)\n"


@case("virtual", "loopscan of 1 s a point on virtual time")
def on_virtual_time(lab: Lab) -> Trial:
    lab.counter.controller.max_sampling_frequency = 1.0
    rates: list[float] = []

    def work(count: int) -> None:
        began = time.perf_counter()
        with virtual_time():
            lab.session.loopscan(count, COUNT_TIME, lab.counter, save=False)
        rates.append(count * COUNT_TIME / (time.perf_counter() - began))

    return Trial(
        work,
        bare_loop([lab.counter]),
        remark=lambda: f"{sorted(rates)[len(rates) // 2]:.3g} simulated s in a second",
    )


@study("rehearsal", f"obtura rehearse: {POINTS} points of 1 s on the demo beamline, saved and shown")
def rehearsed(lab: Lab) -> list[Figure]:
    script = lab.directory / "night.py"
    script.write_text(SCRIPT, encoding="utf-8")
    began = time.perf_counter()
    report = rehearse("demo", script, lab.directory / "night")
    seconds = time.perf_counter() - began
    assert report.error is None, report.error
    return [
        Figure("simulated seconds in a second", report.seconds / seconds, ""),
        Figure("points in a second", POINTS / seconds, ""),
    ]
