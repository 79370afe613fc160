"""Beamlines described in YAML for tests, and devices that are not there."""

import textwrap
import threading

from obtura.contracts.counters import SamplingCounter, SamplingCounterController
from obtura.contracts.presets import ChainPreset, ScanPreset
from obtura.devices.axis import Axis
from obtura.ground.errors import DeviceLostError

DEVICES = """
- {name: world, class: World}
- {name: sim, class: SimulatedController}
- {name: roby, class: SimulatedAxis, unit: mm, velocity: 5}
- {name: robz, class: SimulatedAxis, unit: mm}
- {name: diode, class: SimulatedDiode, controller: $sim, world: $world}
- {name: monitor, class: SimulatedDiode, controller: $sim, world: $world}
- {name: shutter, class: SimulatedShutter}
- {name: align, class: MeasurementGroup, counters: [diode, monitor]}
"""

LAB = DEVICES + "- {name: lab, class: Session, saving: {base_path: ../data}}\n"


class Broken:
    """A device whose constructor fails until `mended` is set."""

    mended = False
    tries = 0

    def __init__(self, name: str, what: str = "no answer on /dev/ttyS9"):
        type(self).tries += 1
        if not self.mended:
            raise OSError(what)
        self.name = name


class Hangs:
    """A device whose constructor does not return before `let_go` is set."""

    let_go = threading.Event()

    def __init__(self, name: str):
        self.name = name
        self.let_go.wait(60)


class Unplugged:
    """A device that can be made, but does not answer while `plugged` is False."""

    plugged = False
    asked = 0

    def __init__(self, name: str):
        self.name = name
        self.closed = 0

    def check(self) -> None:
        """Say whether it is there."""
        type(self).asked += 1
        if not self.plugged:
            raise ConnectionError("nobody at 10.0.0.9")

    def close(self) -> None:
        """Hang up."""
        self.closed += 1


class Meter(SamplingCounterController):
    """It can be plugged in later; `asked`: how often it was checked."""

    is_there, asked = False, 0

    def __init__(self, name):
        super().__init__(name)
        SamplingCounter(f"{name}_value", self)

    def check(self):
        """Say whether it is there."""
        type(self).asked += 1
        if not self.is_there:
            raise DeviceLostError(f"{self.name}: nobody answers")

    def read(self, counter):
        """The constant."""
        return 7.0


def door(name: str, of: Broken) -> Axis:
    """An axis that needs a device which is broken."""
    raise AssertionError("made although what it needs is not there")


class Guard(ScanPreset):
    """A preset that needs a device."""

    def __init__(self, of: Broken):
        self.calls = []

    def prepare(self, scan):
        """Note it."""
        self.calls.append("prepare")


class ChainGuard(ChainPreset):
    """The same around the top-master."""

    def __init__(self, of: Broken):
        pass

    def prepare(self, chain):
        """Nothing; but a hook."""


class Plain(ScanPreset):
    """A preset that needs nothing."""

    def prepare(self, scan):
        """Nothing; but a hook."""


class PlainChain(ChainPreset):
    """The same around the top-master."""

    def prepare(self, chain):
        """Nothing; but a hook."""


OWN = {
    "ChainGuard": "beamlines:ChainGuard",
    "Plain": "beamlines:Plain",
    "PlainChain": "beamlines:PlainChain",
    "Guard": "beamlines:Guard",
    "Broken": "beamlines:Broken",
    "Hangs": "beamlines:Hangs",
    "Meter": "beamlines:Meter",
    "Unplugged": "beamlines:Unplugged",
    "Door": "beamlines:door",
}


def write(directory, yaml, **files):
    """A directory with `yaml` in it, and other files by name (a dot is written `__`)."""
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "obtura.yml").write_text("title: a lab for tests\n")
    (directory / "beamline.yml").write_text(textwrap.dedent(yaml))
    for name, text in files.items():
        path = directory / name.replace("__", ".").replace("--", "/")
        path.parent.mkdir(exist_ok=True)
        path.write_text(textwrap.dedent(text))
    return directory
