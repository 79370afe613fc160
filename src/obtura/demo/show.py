"""What `make demo` plays: the scans of the documentation's page, then an ascan through the beam."""

import os
import shlex
import shutil
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from obtura.contracts.presets import ChainIterationPreset, ChainPreset, ScanPreset
from obtura.presets.shutter import ShutterPreset
from obtura.session.session import Session

__all__ = ["AroundEachPoint", "AroundTheScan", "AroundTheTimer", "WaitForBeamByHand", "play"]


class AroundTheScan(ScanPreset):
    """The page's first example: around a whole scan, here with a shutter that really moves."""

    def __init__(self, shutter: Any) -> None:
        self._shutter = shutter

    def prepare(self, scan: Any) -> None:
        """Say so."""
        print(f"Preparing scan {scan.name}\n")

    def start(self, scan: Any) -> None:
        """Open."""
        print(f"Starting scan {scan.name}")
        print("Opening the shutter")
        self._shutter.open()

    def stop(self, scan: Any) -> None:
        """Close."""
        print(f"{scan.name} scan is stopped")
        print("Closing the shutter")
        self._shutter.close()


class AroundTheTimer(ChainPreset):
    """The page's second example: around one top-master, with the shutter."""

    def __init__(self, shutter: Any) -> None:
        self._shutter = shutter

    def prepare(self, acq_chain: Any) -> None:
        """Say so."""
        print("Preparing")

    def start(self, acq_chain: Any) -> None:
        """Open."""
        print("Starting, Opening the shutter")
        self._shutter.open()

    def stop(self, acq_chain: Any) -> None:
        """Close."""
        print("Stopped, closing the shutter")
        self._shutter.close()


class AroundEachPoint(ChainPreset):
    """The page's third example: around each iteration, with the shutter."""

    class Iterator(ChainIterationPreset):
        """The hooks of one point."""

        def __init__(self, iteration_nb: int, shutter: Any) -> None:
            self.iteration = iteration_nb
            self.shutter = shutter

        def prepare(self) -> None:
            """Say so."""
            print(f"Preparing iteration {self.iteration}")

        def start(self) -> None:
            """Open."""
            print(f"Starting, Opening the shutter iter {self.iteration}")
            self.shutter.open()

        def stop(self) -> None:
            """Close."""
            print(f"Stopped, closing the shutter, iter {self.iteration}")
            self.shutter.close()

    def __init__(self, shutter: Any) -> None:
        self.shutter = shutter

    def get_iterator(self, acq_chain: Any) -> Iterable[ChainIterationPreset]:
        """One set of hooks a point, without end: the scan stops asking when it is over."""
        iteration_nb = 0
        while True:
            yield AroundEachPoint.Iterator(iteration_nb, self.shutter)
            iteration_nb += 1


class WaitForBeamByHand(ScanPreset):
    """The page's last example: the scan waits because `prepare` does not return."""

    def __init__(self, diode: Any, beam_trigger_value: float, shutter: Any) -> None:
        self._diode = diode
        self._beam_trigger_value = beam_trigger_value
        self._shutter = shutter

    def prepare(self, scan: Any) -> None:
        """Wait; somebody opens the shutter meanwhile."""
        beam_value = self._diode.read()
        print("Waiting for beam")
        end = "\r" if sys.stdout.isatty() else "\n"  # one line, written over, where lines can be written over
        for _ in range(3):
            print(f"read {beam_value:.3g} expect {self._beam_trigger_value}", end=end)
            time.sleep(0.3)
            beam_value = self._diode.read()
        self._shutter.open()
        while beam_value < self._beam_trigger_value:
            beam_value = self._diode.read()
        print(f"read {beam_value:.3g} expect {self._beam_trigger_value}")

    def stop(self, scan: Any) -> None:
        """Close."""
        self._shutter.close()


def play(session: Session) -> None:
    """Play all scans."""
    bench, names = session.bench, session.devices
    roby, diode, shutter = names["roby"], names["diode"], names["shutter"]

    print("-- mv(roby, 5): the diode goes into the middle of the beam")
    session.namespace()["mv"](roby, 5)

    print("\n-- A ScanPreset: prepare, start and stop around a whole scan")
    scan = bench.loopscan(2, 0.1, diode, run=False)
    scan.add_preset(AroundTheScan(shutter))
    scan.run()

    print("\n-- A ChainPreset: around one top-master of the acquisition chain")
    scan = bench.loopscan(2, 0.1, diode, run=False)
    scan.acq_chain.add_preset(AroundTheTimer(shutter))
    scan.run()

    print("\n-- Iteration presets: the shutter opens and closes around each point; output and rows in true order")
    scan = bench.loopscan(2, 0.1, diode, run=False)
    scan.acq_chain.add_preset(AroundEachPoint(shutter))
    scan.run()

    print("\n-- A hook that does not return pauses the scan")
    scan = bench.loopscan(2, 0.1, diode, run=False)
    scan.add_preset(WaitForBeamByHand(diode, 50, shutter))
    scan.run()

    print("\n-- An ascan through the beam, the shutter open for each point only: never while the motor moves")
    scan = bench.ascan(roby, 0, 10, 10, 0.05, diode, run=False)
    scan.acq_chain.add_preset(ShutterPreset(shutter, per_point=True))
    scan.run()

    filename, number = scan.scan_info["filename"], scan.scan_number
    command, file = _command(), shlex.quote(filename)
    print(f"\nThe data: {filename}\n  {command} ls {file}\n  {command} show {file} {number}")
    print(f'  python: h5py.File("{filename}")["{number}.1/measurement/diode"][:]')
    print(f"The same beamline, for you to scan:\n  {command} shell")


def _command() -> str:
    """What to type for this `obtura`, as it stands."""
    own = Path(os.path.abspath(sys.argv[0]))
    found = shutil.which("obtura")
    if found and (os.path.realpath(found) == os.path.realpath(own)):
        return "obtura"
    if own.stem != "obtura":  # python -m obtura
        return shlex.join([sys.executable, "-m", "obtura"])
    here = Path.cwd()
    return shlex.quote(str(own.relative_to(here) if here in own.parents[1:] else own))
