"""Presets with empty hooks: what each costs, at each level.

Of iteration presets the cost is per point, of the others per scan; in both cases what the same without presets takes
is subtracted.
"""

from collections.abc import Iterator
from typing import Any

from bench.cases import Trial, Work, case
from bench.floors import bare_loop
from bench.lab import Lab
from obtura.contracts.presets import ChainIterationPreset, ChainPreset, ScanPreset


class EmptyIteration(ChainIterationPreset):
    def prepare(self) -> None:
        pass

    def start(self) -> None:
        pass

    def stop(self) -> None:
        pass


class EmptyIterations(ChainPreset):
    def get_iterator(self, acq_chain: Any) -> Iterator[ChainIterationPreset]:
        while True:
            yield EmptyIteration()


class EmptyChain(ChainPreset):
    def prepare(self, acq_chain: Any) -> None:
        pass

    def start(self, acq_chain: Any) -> None:
        pass

    def stop(self, acq_chain: Any) -> None:
        pass


class EmptyScan(ScanPreset):
    def prepare(self, scan: Any) -> None:
        pass

    def start(self, scan: Any) -> None:
        pass

    def stop(self, scan: Any) -> None:
        pass


def points(lab: Lab, presets: int) -> Work:
    """One scan of `count` points with so many presets that have iteration presets."""

    def work(count: int) -> None:
        scan = lab.session.loopscan(count, 0, lab.counter, save=False, run=False)
        for _ in range(presets):
            scan.acq_chain.add_preset(EmptyIterations())
        scan.run()

    return work


def scans(lab: Lab, chain: int = 0, scan: int = 0) -> Work:
    """`count` scans of one point with so many presets of the chain and of the scan."""

    def work(count: int) -> None:
        for _ in range(count):
            made = lab.session.loopscan(1, 0, lab.counter, save=False, run=False)
            for _ in range(chain):
                made.acq_chain.add_preset(EmptyChain())
            for _ in range(scan):
                made.add_preset(EmptyScan())
            made.run()

    return work


@case("iterationpresets", "an empty iteration preset, one of {}", "preset and point", of=(1, 5), budget=20)
def iteration_presets(lab: Lab, number: int) -> Trial:
    return Trial(points(lab, number), bare_loop([lab.counter]), less=points(lab, 0), over=number)


@case("chainpresets", "an empty chain preset, one of {}", "preset and scan", of=(5, 50))
def chain_presets(lab: Lab, number: int) -> Trial:
    return Trial(scans(lab, chain=number), bare_loop([lab.counter]), less=scans(lab), over=number)


@case("scanpresets", "an empty scan preset, one of {}", "preset and scan", of=(5, 50))
def scan_presets(lab: Lab, number: int) -> Trial:
    return Trial(scans(lab, scan=number), bare_loop([lab.counter]), less=scans(lab), over=number)


@case("presets", "loopscan, presets at each of the three levels: {}", of=(0, 1, 5))
def presets(lab: Lab, number: int) -> Trial:
    def run(npoints: int) -> None:
        scan = lab.session.loopscan(npoints, 0, lab.counter, save=False, run=False)
        for _ in range(number):
            scan.add_preset(EmptyScan())
            scan.acq_chain.add_preset(EmptyChain())
            scan.acq_chain.add_preset(EmptyIterations())
        scan.run()

    return Trial(lambda count: run(count + 1), bare_loop([lab.counter]), less=lambda count: run(1))
