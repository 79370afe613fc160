"""A device that is triggered by a wire and gives blocks: 10 channels, 10^6 values a second in all."""

import itertools
import time
from typing import Any

import h5py
import numpy as np

from bench.cases import Figure, Trial, Work, case, study
from bench.lab import Lab
from obtura.acquisition.timer import SoftwareTimerMaster
from obtura.contracts.acquisition import AcquisitionSlave
from obtura.contracts.chain import AcquisitionChain
from obtura.ground.channels import AcquisitionChannel

CHANNELS = 10
BLOCK = 1000
RATE = 1e6
VALUES = 2_000_000
PACED = 2.0
"""Seconds of the paced scan."""


class Digitiser(AcquisitionSlave):
    """Gives blocks of BLOCK points in each channel; `pause`: seconds from one to the next, 0 for at once."""

    def __init__(self, blocks: int, pause: float) -> None:
        super().__init__(
            name="digitiser", npoints=blocks * BLOCK, trigger_type="HARDWARE", prepare_once=True, start_once=True
        )
        self._blocks, self._pause = blocks, pause
        self.late = 0.0
        self.channels += [AcquisitionChannel(f"digitiser:{number}") for number in range(CHANNELS)]

    def reading(self) -> None:
        block = np.random.default_rng(0).normal(size=BLOCK)
        began = time.perf_counter()
        for number in range(self._blocks):
            for channel in self.channels:
                channel.emit(block)
            due = began + (number + 1) * self._pause
            if self._pause and (early := due - time.perf_counter()) > 0:
                time.sleep(early)
        self.late = time.perf_counter() - began - self._blocks * self._pause


def scan_of(lab: Lab, values: int, pause: float, save: bool) -> Digitiser:
    chain = AcquisitionChain()
    slave = Digitiser(max(values // (CHANNELS * BLOCK), 1), pause)
    chain.add(SoftwareTimerMaster(0, npoints=1), slave)
    lab.session.bench.Scan(chain, "blocks", save=save).run()
    return slave


@case("blocks/saved", "blocks of 1,000 in 10 channels, saved", "value")
def saved(lab: Lab) -> Trial:
    def work(count: int) -> None:
        scan_of(lab, count, 0.0, save=True)

    return Trial(work, _written(lab), "HDF5 alone, the same blocks", count=VALUES, floor_count=VALUES)


@study("blocks/paced", "blocks at 10^6 values a second for 2 s, saved")
def paced(lab: Lab) -> list[Figure]:
    scan_of(lab, VALUES // 10, 0.0, save=True)  # warm up
    cpu, began = time.process_time(), time.perf_counter()
    slave = scan_of(lab, int(PACED * RATE), CHANNELS * BLOCK / RATE, save=True)
    seconds, used = time.perf_counter() - began, time.process_time() - cpu
    return [
        Figure("the device was held up, of the time", max(slave.late, 0.0) / PACED, "", 0.1),
        Figure("the scan took, by the time of the data", seconds / PACED, "", 1.25),
        Figure("of one processor", used / PACED, ""),
    ]


def _written(lab: Lab) -> Work:
    numbers = itertools.count()
    block: Any = np.random.default_rng(0).normal(size=BLOCK)

    def work(count: int) -> None:
        points = count // CHANNELS
        with h5py.File(lab.directory / f"blocks{next(numbers)}.h5", "w", libver=("v110", "v110")) as file:
            there = [
                file.create_dataset(str(number), (points,), float, chunks=(BLOCK,), maxshape=(None,))
                for number in range(CHANNELS)
            ]
            for first in range(0, points, BLOCK):
                for dataset in there:
                    dataset[first : first + BLOCK] = block

    return work
