"""A lab: the demo beamline on virtual time, real scans on it, and a log of what its devices did and scans showed."""

from collections.abc import Callable

from obtura.acquisition.counter import SamplingCounterAcquisitionSlave
from obtura.acquisition.motor import LinearStepTriggerMaster
from obtura.acquisition.timer import SoftwareTimerMaster
from obtura.contracts.chain import AcquisitionChain
from obtura.contracts.consumers import Consumer, Surroundings
from obtura.devices.sim import demo_beamline
from obtura.engine.scan import Scan
from obtura.ground.events import ScanBegan, Text


class Viewer(Consumer):
    """Keeps what a scan shows, and what it says of its presets."""

    name = "viewer"

    def __init__(self) -> None:
        self.text = ""
        self.presets = ()

    def receive(self, events):
        for event in events:
            if isinstance(event, Text):
                self.text += event.text
            elif isinstance(event, ScanBegan):
                self.presets = event.presets


class Lab:
    """`log` holds the calls of the methods that were put under watch, with their arguments."""

    def __init__(self) -> None:
        self.line = demo_beamline()
        self.viewer = Viewer()
        self.log: list[str] = []

    def watch(self, device, *methods: str, **words: str) -> None:
        """Log the calls of these methods of a device; `word="method"` logs them by another word."""
        for word, method in {**{method: method for method in methods}, **words}.items():
            setattr(device, method, self._logged(word, getattr(device, method)))

    def _logged(self, word: str, function: Callable[..., object]) -> Callable[..., object]:
        def logged(*args, **options) -> object:
            self.log.append(" ".join([word, *(arg if isinstance(arg, str) else f"{arg:g}" for arg in args)]))
            return function(*args, **options)

        return logged

    def scan(self, npoints: int = 2) -> Scan:
        """roby from 0 to 10 mm, one reading of the diode at each point; every move is logged."""
        viewer = self.viewer

        class Here(Surroundings):
            def consumers(self, save, scan_saving):
                return [viewer]

        kind = type("Scan", (Scan,), {"surroundings": Here()})
        motor = LinearStepTriggerMaster(npoints, self.line.roby, 0, 10)
        timer = SoftwareTimerMaster(0.1, npoints=npoints)
        chain = AcquisitionChain()
        chain.add(motor, timer)
        chain.add(timer, SamplingCounterAcquisitionSlave(self.line.diode, count_time=0, npoints=npoints))
        return kind(chain, "ascan")
