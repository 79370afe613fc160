"""What `make demo` plays: the scans of the documentation's page, then an ascan through the beam."""

import time
from collections.abc import Iterable
from typing import Any

from obtura.contracts.presets import ChainIterationPreset, ChainPreset, ScanPreset
from obtura.presets.shutter import ShutterPreset
from obtura.session.session import Session

__all__ = ["AroundEachPoint", "AroundTheScan", "AroundTheTimer", "WaitForBeamByHand", "play"]


class AroundTheScan(ScanPreset):
    """The page's first example: around a whole scan."""

    def prepare(self, scan: Any) -> None:
        """Say so."""
        print(f"Preparing scan {scan.name}\n")

    def start(self, scan: Any) -> None:
        """Say so."""
        print(f"Starting scan {scan.name}")
        print("Opening the shutter")

    def stop(self, scan: Any) -> None:
        """Say so."""
        print(f"{scan.name} scan is stopped")
        print("Closing the shutter")


class AroundTheTimer(ChainPreset):
    """The page's second example: around one top-master."""

    def prepare(self, acq_chain: Any) -> None:
        """Say so."""
        print("Preparing")

    def start(self, acq_chain: Any) -> None:
        """Say so."""
        print("Starting, Opening the shutter")

    def stop(self, acq_chain: Any) -> None:
        """Say so."""
        print("Stopped, closing the shutter")


class AroundEachPoint(ChainPreset):
    """The page's third example: around each iteration, here with a shutter that really moves."""

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
        for _ in range(3):
            print(f"read {beam_value:.3g} expect {self._beam_trigger_value}", end="\r")
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
    session.motion.mv(roby, 5)

    print("\n-- A ScanPreset: prepare, start and stop around a whole scan")
    scan = bench.loopscan(2, 0.1, diode, run=False)
    scan.add_preset(AroundTheScan())
    scan.run()

    print("\n-- A ChainPreset: around one top-master of the acquisition chain")
    scan = bench.loopscan(2, 0.1, diode, run=False)
    scan.acq_chain.add_preset(AroundTheTimer())
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
    print(f"\nThe data: {filename}\n  obtura ls {filename}\n  obtura show {filename} {number}")
    print(f'  python: h5py.File("{filename}")["{number}.1/measurement/diode"][:]')
