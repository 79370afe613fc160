"""Many counters of one controller: what a further channel costs, at each point and in each scan."""

from bench.cases import Trial, case
from bench.floors import bare_loop
from bench.lab import Box, Lab, points_of

MANY = 1000


@case("counters", "counters of one controller: {}", of=(1, 10, 100, MANY), budgets={100: 4})
def counters(lab: Lab, number: int) -> Trial:
    box = Box("card", number)
    return points_of(lab, [box], bare_loop(box.all), count=200 if number == MANY else None)


@case("start", "start to end of a scan of 1 point, counters: {}", "scan", of=(10, 100, MANY))
def start(lab: Lab, number: int) -> Trial:
    box = Box("card", number)

    def work(count: int) -> None:
        for _ in range(count):
            lab.session.loopscan(1, 0, box, save=False)

    return Trial(work, bare_loop(box.all))
