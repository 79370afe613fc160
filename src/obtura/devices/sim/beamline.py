"""The beamline of the demo session.

    machine ── monitor ── shutter ── slits ──┬── diode, mca, camera
                                             └── cover ── diode2        on roby (and robz)

The shutter is closed and the cover in at first, so both diodes are dark; the beam is centred at roby = 5 mm. The slits
are wide enough for it, whatever their gap.
"""

from typing import NamedTuple

from obtura.devices.actuator import Actuator
from obtura.devices.axis import Axis
from obtura.devices.mca import Roi
from obtura.devices.multiplexer import Multiplexer
from obtura.devices.shutter import Shutter
from obtura.devices.sim.blades import SimulatedActuator, SimulatedShutter
from obtura.devices.sim.camera import SimulatedCamera
from obtura.devices.sim.counters import SimulatedController, SimulatedDiode, Spot
from obtura.devices.sim.mca import SimulatedMCA
from obtura.devices.sim.motor import SimulatedAxis
from obtura.devices.sim.multiplexer import SimulatedMultiplexer
from obtura.devices.sim.ring import SimulatedRing
from obtura.devices.sim.world import World
from obtura.devices.slits import Slits

__all__ = ["DemoBeamline", "demo_beamline"]


class DemoBeamline(NamedTuple):
    """The devices of the demo session under the names that they have there; `_asdict()` maps these to them.

    `monitor` sees the beam before the shutter, `diode` behind it over roby, `diode2` behind shutter and cover
    over roby and robz, `mca` the fluorescence of iron and copper where `diode` is, `camera` the spot over both axes.
    `world.beam = 0`: no beam; `machine.dump()`: none either. `slits_hgap` and `slits_hoffset` are axes calculated from
    the blades, `slits.real`.
    """

    world: World
    roby: Axis
    robz: Axis
    monitor: SimulatedDiode
    diode: SimulatedDiode
    diode2: SimulatedDiode
    shutter: Shutter
    cover: Actuator
    multiplexer: Multiplexer
    mca: SimulatedMCA
    camera: SimulatedCamera
    machine: SimulatedRing
    slits: Slits
    slits_hgap: Axis
    slits_hoffset: Axis


def demo_beamline(seed: int = 1) -> DemoBeamline:
    """A new beamline, independent of any other; the same seed gives the same readings."""
    world = World(seed)
    roby = SimulatedAxis("roby", unit="mm", limits=(-100.0, 100.0))
    robz = SimulatedAxis("robz", unit="mm", limits=(-100.0, 100.0))
    shutter = SimulatedShutter("shutter")
    cover = SimulatedActuator("cover")
    controller = SimulatedController()
    front, back = (SimulatedAxis(name, unit="mm", limits=(-20.0, 20.0)) for name in ("front", "back"))
    slits = Slits("slits", front, back)
    across, along = Spot(roby, centre=5.0, sigma=2.0), Spot(robz, centre=0.0, sigma=2.0)
    return DemoBeamline(
        world=world,
        roby=roby,
        robz=robz,
        monitor=SimulatedDiode("monitor", controller, world, height=100.0),
        diode=SimulatedDiode("diode", controller, world, spots=[across], behind=[shutter.blade]),
        diode2=SimulatedDiode("diode2", controller, world, spots=[across, along], behind=[shutter.blade, cover.blade]),
        shutter=shutter,
        cover=cover,
        multiplexer=SimulatedMultiplexer(
            "multiplexer", {"trigger": ("timer", "roby", "robz"), "gate": ("off", "shutter", "timer")}
        ),
        mca=SimulatedMCA(
            "mca", rois={"iron": Roi(310, 330), "copper": Roi(392, 412)}, world=world, spots=[across], behind=[shutter]
        ),
        camera=SimulatedCamera("camera", roby, robz, world, [shutter], centre=(5.0, 0.0), sigma=2.0),
        machine=SimulatedRing("machine", world=world),
        slits=slits,
        slits_hgap=slits["hgap"],
        slits_hoffset=slits["hoffset"],
    )
