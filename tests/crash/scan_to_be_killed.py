"""A scan in a process of its own: `scan_to_be_killed.py DIRECTORY LAYOUT [COUNT]` says each row when it is announced.

A line of output for each: `branch rows`. Every counter reads the number of the point, from 0 on. With a file
$FILL, that file takes all the room there is at point $FILL_AT; a shell command $DO is run at point $DO_AT.
"""

import itertools
import os
import subprocess
import sys
from contextlib import suppress

from obtura.acquisition.counter import SamplingCounterAcquisitionSlave
from obtura.acquisition.timer import SoftwareTimerMaster
from obtura.contracts.chain import AcquisitionChain
from obtura.contracts.consumers import Consumer
from obtura.data.saving import ScanSaving
from obtura.devices.sim import SimulatedAxis, SimulatedCamera, SimulatedShutter
from obtura.devices.soft import SoftCounter
from obtura.ground.events import Points, ScanBegan, Text
from obtura.presets.shutter import ShutterPreset
from obtura.session.session import Session


class Announcer(Consumer):
    """A viewer: tells of each row that is whole, as a table does."""

    name = "announcer"

    def receive(self, events):
        for event in events:
            if isinstance(event, ScanBegan):
                self.rows = [
                    {
                        index: 0
                        for index, info in enumerate(event.channels)
                        if info.branch == branch and info.per_point and not info.is_frame
                    }
                    for branch in range(len(event.branches))
                ]
                self.told = [0] * len(event.branches)
            elif isinstance(event, Points):
                for branch, counts in enumerate(self.rows):
                    if event.channel in counts:
                        counts[event.channel] = event.first + len(event.values)
                        self.tell(branch, min(counts.values()))
            elif isinstance(event, Text):
                os.write(2, event.text.encode())

    def tell(self, branch, rows):
        if rows > self.told[branch]:
            self.told[branch] = rows
            os.write(1, f"{branch} {rows}\n".encode())


def counter(name):
    numbers = itertools.count()

    def value():
        number = next(numbers)
        if "FILL" in os.environ and number == int(os.environ["FILL_AT"]):
            fill(os.environ["FILL"])
        if "DO" in os.environ and number == int(os.environ["DO_AT"]):
            subprocess.run(["sh", "-c", os.environ.pop("DO")], check=True)  # once, though two counters come here
        return float(number)

    return SoftCounter(value=value, name=name, mode="SINGLE")


def fill(path):
    """Leave no byte free."""
    with open(path, "ab", buffering=0) as file, suppress(OSError):
        while file.write(bytes(65536)):
            pass


def two_timers(session, count):
    chain = AcquisitionChain()
    for name, points in (("fast", count), ("slow", count // 2)):
        master = SoftwareTimerMaster(0.0, npoints=points, name=name)
        master.terminator = False
        chain.add(master, SamplingCounterAcquisitionSlave(counter(f"of_{name}"), count_time=0.0, npoints=points))
    session.Scan(chain, name="two").run()


def main(directory, layout, count=12):
    session = Session("lab", {}, ScanSaving("lab", "seb", directory), display=False)
    session.add_consumer(Announcer)
    x, y = SimulatedAxis("x", velocity=1e6, acceleration=1e9), SimulatedAxis("y", velocity=1e6, acceleration=1e9)
    if layout == "scalars":
        session.loopscan(count, 0.0, counter("a"), counter("b"))
    elif layout == "mesh":
        scan = session.amesh(x, 0, 1, 3, y, 0, 1, count // 4 - 1, 0.0, counter("a"), run=False)
        scan.acq_chain.add_preset(ShutterPreset(SimulatedShutter("s", travel=0.0), per_point=True))
        scan.run()
    elif layout in ("images", "compressed"):
        compression = "bitshuffle-lz4" if layout == "compressed" else "none"
        camera = SimulatedCamera("camera", x, y, size=(32, 32), readout_time=0.0, compression=compression)
        session.loopscan(count, 0.001, counter("a"), camera)
    else:
        two_timers(session, count)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], *map(int, sys.argv[3:]))
