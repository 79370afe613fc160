"""Scans of every kind, run for real on the simulated beamline, each saved as it would be."""

from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from pint import Quantity

from obtura.acquisition.counter import SamplingCounterAcquisitionSlave
from obtura.acquisition.timer import SoftwareTimerMaster
from obtura.contracts.acquisition import AcquisitionSlave, MetaTiming
from obtura.contracts.chain import AcquisitionChain
from obtura.contracts.presets import ChainIterationPreset, ChainPreset
from obtura.data.layout import scan_file
from obtura.data.saving import ScanSaving
from obtura.devices.sim.beamline import demo_beamline
from obtura.ground.channels import AcquisitionChannel
from obtura.ground.errors import ScanAbort
from obtura.presets.shutter import ShutterPreset
from obtura.session.origin import Origin
from obtura.session.session import Session
from obtura.works.clock import virtual_time

SIZE = (6, 8)
"""Of a frame: height and width, in pixels."""


class Nothing(ChainIterationPreset):
    """Does nothing."""

    def stop(self):
        pass


class AbortAfter(ChainPreset):
    """Has the scan aborted when `points` of it are complete."""

    def __init__(self, scan, points):
        self.scan, self.points = scan, points

    def get_iterator(self, acq_chain):
        for _ in range(self.points):
            yield Nothing()
        self.scan.abort()
        yield Nothing()


class Talkative(AcquisitionSlave):
    """Says something of itself at every moment."""

    def get_acquisition_metadata(self, timing):
        return {"name": "talkative", "timing": str(timing), "gain": 3, "limits": np.array([0.0, 1.0])}


class Zoo:
    """A session whose scans are kept below `directory`; each method is a kind of scan, and returns the scan."""

    def __init__(self, directory):
        self.line = demo_beamline()
        saving = ScanSaving("zoo", "seb", directory)
        origin = Origin(texts=(("obtura.yml", "title: a zoo\n"),))
        self.session = Session("zoo", self.line._asdict(), saving, display=False, origin=origin)
        self.bench = self.session.bench

    def close(self):
        self.session.close()

    def file(self, scan):
        """The scan's own file."""
        return scan_file(self.master, scan.scan_number)

    @property
    def master(self):
        return Path(self.session.scan_saving.filename)

    def loopscan(self):
        return self.bench.loopscan(3, 0, self.line.diode, self.line.monitor)

    def timescan(self):
        return self.bench.timescan(0, self.line.monitor, npoints=3)

    def sct(self):
        return self.bench.sct(0, self.line.diode)

    def ascan(self):
        return self.bench.ascan(self.line.roby, 4, 6, 4, 0, self.line.diode, self.line.monitor)

    def a2scan(self):
        return self.bench.a2scan(self.line.roby, 4, 6, self.line.robz, 0, 1, 4, 0, self.line.diode)

    def dscan(self):
        return self.bench.dscan(self.line.roby, -1, 1, 4, 0, self.line.diode)

    def calculated(self):
        return self.bench.ascan(self.line.slits_hgap, 1, 2, 2, 0, self.line.monitor)

    def amesh(self):
        return self.bench.amesh(self.line.roby, 3, 7, 4, self.line.robz, -1, 1, 2, 0, *self.diodes)

    def backnforth(self):
        line = self.line
        return self.bench.amesh(line.roby, 3, 7, 4, line.robz, -1, 1, 2, 0, *self.diodes, backnforth=True)

    def a3mesh(self):
        line = self.line
        mesh = line.roby, 3, 7, 2, line.robz, -1, 1, 3, line.slits_hgap, 1, 2, 1
        return self.bench.a3mesh(*mesh, 0, *self.diodes, backnforth=True)

    def interrupted_mesh(self):
        line = self.line
        mesh = line.roby, 3, 7, 4, line.robz, -1, 1, 2
        scan = self.bench.amesh(*mesh, 0, *self.diodes, backnforth=True, run=False)
        return self._aborted(scan, 7)

    def cscan(self):
        return self.bench.cscan(self.line.roby, 4, 6, 5, 0.05, self.line.diode)

    def cmesh(self):
        mesh = self.line.roby, 3, 7, 4, self.line.robz, -1, 1, 2
        return self.bench.cmesh(*mesh, 0.2, self.line.diode, backnforth=True)

    def spectrum(self):
        return self.bench.loopscan(2, 0.01, self.line.mca)

    def spectrum_along(self):
        return self.bench.ascan(self.line.roby, 4, 6, 2, 0.01, self.line.mca.spectrum)

    def camera(self):
        self.line.camera.size = SIZE
        return self.bench.ascan(self.line.roby, 4, 6, 2, 0, self.line.camera, self.line.monitor)

    def camera_mesh(self):
        self.line.camera.size = SIZE
        return self.bench.amesh(self.line.roby, 4, 6, 1, self.line.robz, 0, 1, 1, 0, self.line.camera)

    def two_top_masters(self):
        fast = SoftwareTimerMaster(0.01, npoints=4, name="fast")
        slow = SoftwareTimerMaster(0.02, npoints=2, name="slow")
        fast.terminator = slow.terminator = False
        chain = AcquisitionChain()
        chain.add(fast, SamplingCounterAcquisitionSlave(self.line.diode, count_time=0.01, npoints=4))
        chain.add(slow, SamplingCounterAcquisitionSlave(self.line.monitor, count_time=0.02, npoints=2))
        return self._ran(self.bench.Scan(chain, "two_timers", {"npoints": 4, "count_time": 0.01}))

    def sequence(self):
        sequence = self.bench.Sequence(title="two of them")
        sequence.add_custom_channel(AcquisitionChannel("oven:temperature", unit="K"))
        with sequence.sequence_context() as context:
            context.emit("oven:temperature", 300.0)
            context.add_and_run(self.bench.loopscan(2, 0, self.line.diode, run=False))
            context.add_and_run(self.bench.ascan(self.line.roby, 0, 1, 2, 0, self.line.diode, run=False))
        return sequence.scan

    def aborted(self):
        return self._aborted(self.bench.ascan(self.line.roby, 4, 6, 4, 0, self.line.diode, run=False), 2)

    def with_everything_said(self):
        meta = self.session.namespace()["SCAN_META"]
        for category in meta.categories:
            getattr(meta, category).set("said", {"name": f"the {category}", "said_number": 0.3, "said_list": [1, 2]})
        meta.sample.set("late", lambda scan: {"temperature": Quantity(300.0, "K")}, MetaTiming.START | MetaTiming.END)
        meta.instrument.set("cover", lambda scan: {"cover": {"@NX_class": "NXattenuator", "said_state": "IN"}})
        meta.person.set("who", {"when": datetime(2019, 3, 13, tzinfo=UTC).isoformat()})
        scan = self.bench.ascan(self.line.roby, 4, 6, 2, 0, self.line.diode, run=False)
        scan.acq_chain.add(scan.acq_chain.top_masters[0], Talkative(name="talkative"))
        scan.acq_chain.add_preset(ShutterPreset(self.line.shutter, per_point=True))
        scan.add_comment("all is well")
        try:
            return self._ran(scan)
        finally:
            meta.clear()

    @property
    def diodes(self):
        return self.line.diode, self.line.diode2

    def _ran(self, scan):
        scan.run()
        return scan

    def _aborted(self, scan, points):
        scan.acq_chain.add_preset(AbortAfter(scan, points))
        with suppress(ScanAbort):
            scan.run()
        return scan


KINDS = [name for name in vars(Zoo) if not name.startswith("_") and name not in ("close", "file", "master", "diodes")]


def all_kinds(directory):
    """A zoo with a scan of each kind, all of them over."""
    with virtual_time():
        zoo = Zoo(directory)
        zoo.scans = {kind: getattr(zoo, kind)() for kind in KINDS}
        zoo.close()
    return zoo
