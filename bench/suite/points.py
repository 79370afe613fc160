"""One point of the commonest scans, nothing listening."""

from bench.cases import Trial, case
from bench.floors import bare_loop
from bench.lab import Lab, points_of

LINE = 10
"""Points of a line of a mesh."""


@case("loopscan", "loopscan, 1 counter, nothing listening", budget=40)
def loopscan(lab: Lab) -> Trial:
    return points_of(lab, [lab.counter], bare_loop([lab.counter]))


@case("ascan", "ascan, instantaneous motor, nothing listening", budget=80)
def ascan(lab: Lab) -> Trial:
    roby = lab.axis("roby")

    def scan(intervals: int) -> None:
        lab.session.ascan(roby, 0, 1, intervals, 0, lab.counter, save=False)

    return Trial(lambda count: scan(count + 1), bare_loop([lab.counter]), less=lambda count: scan(1))


@case("amesh", "amesh, two instantaneous motors, nothing listening")
def amesh(lab: Lab) -> Trial:
    roby, robz = lab.axis("roby"), lab.axis("robz")

    def scan(lines: int) -> None:
        lab.session.amesh(roby, 0, 1, LINE - 1, robz, 0, 1, lines - 1, 0, lab.counter, save=False)

    return Trial(lambda count: scan(count + 2), bare_loop([lab.counter]), less=lambda count: scan(2), over=LINE)
