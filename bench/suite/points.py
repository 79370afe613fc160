"""One point of the commonest scans, nothing listening."""

from bench.cases import Trial, case
from bench.floors import bare_loop
from bench.lab import Lab, points_of


@case("loopscan", "loopscan, 1 counter, nothing listening", budget=40)
def loopscan(lab: Lab) -> Trial:
    return points_of(lab, [lab.counter], bare_loop([lab.counter]))


@case("ascan", "ascan, instantaneous motor, nothing listening", budget=80)
def ascan(lab: Lab) -> Trial:
    roby = lab.axis("roby")

    def work(count: int) -> None:
        lab.session.ascan(roby, 0, 1, count, 0, lab.counter, save=False)

    return Trial(work, bare_loop([lab.counter]))


@case("amesh", "amesh, two instantaneous motors, nothing listening")
def amesh(lab: Lab) -> Trial:
    roby, robz = lab.axis("roby"), lab.axis("robz")

    def work(count: int) -> None:
        lab.session.amesh(roby, 0, 1, 9, robz, 0, 1, max(count // 10 - 1, 1), 0, lab.counter, save=False)

    return Trial(work, bare_loop([lab.counter]))
