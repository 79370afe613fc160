"""A camera that is faster than the disk: the memory stays flat, and no frame is lost."""

import json
from pathlib import Path

import h5py
import pytest
from processes import outcome

from obtura.data.filters import require_readable

FRAMES, SIDE = 150, 1024
SIZE = SIDE * SIDE  # bytes of a frame

SCAN = f"""
import json, resource, sys, threading
import numpy as np
from obtura.acquisition.camera import CameraAcquisitionSlave
from obtura.acquisition.timer import SoftwareTimerMaster
from obtura.contracts.cameras import CameraDriver
from obtura.contracts.chain import AcquisitionChain
from obtura.contracts.consumers import Surroundings
from obtura.data.saver import HDF5Saver
from obtura.data.saving import ScanSaving
from obtura.devices.camera import Camera
from obtura.engine import audience, datapath
from obtura.engine.frames import memory
from obtura.engine.scan import Scan

directory, trigger, compression, behind = sys.argv[1], *sys.argv[2:4], int(sys.argv[4])
audience.BEHIND = datapath.BEHIND = behind
memory.limit = 2 * behind


class Fast(CameraDriver):
    frame_shape = {SIDE}, {SIDE}
    dtype = np.dtype("uint8")
    given = 0

    def prepare(self, nframes, exposure, triggered):
        pass

    def trigger(self):
        pass

    def read(self, wait):
        self.given += 1
        return np.full((1, *self.frame_shape), self.given, self.dtype)


class SlowDisk(HDF5Saver):
    def receive(self, events):
        super().receive(events)
        threading.Event().wait(0.02)


class Saved(Surroundings):
    def consumers(self, save, scan_saving):
        return [SlowDisk(scan_saving)]


def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


camera = Camera("camera", Fast(), compression=compression, blocking=False)
triggered = trigger == "SOFTWARE"
chain = AcquisitionChain()
slave = CameraAcquisitionSlave(camera.image, count_time=0, npoints={FRAMES}, trigger_type=trigger)
chain.add(SoftwareTimerMaster(0, npoints={FRAMES} if triggered else 1), slave)
saving = ScanSaving("demo", "seb", directory)
scan = Scan(chain, "slow", scan_saving=saving)
scan.surroundings = Saved()
before = peak()
scan.run()
print(json.dumps([saving.filename, len(scan.get_data("camera")), peak() - before]))
"""


def scanned(tmp_path, *arguments):
    status, said, errors = outcome(SCAN, tmp_path, *arguments)
    assert status == 0, errors
    return json.loads(said.splitlines()[-1])


@pytest.mark.parametrize("trigger", ["SOFTWARE", "HARDWARE"])
@pytest.mark.parametrize("compression", ["none", "bitshuffle-lz4"])
def test_a_slow_disk_and_a_fast_camera_keep_the_memory_flat_and_lose_no_frame(tmp_path, trigger, compression):
    filename, count, grown = scanned(tmp_path, trigger, compression, 8 * SIZE)
    assert count == FRAMES
    assert grown < 50 * SIZE, "sixteen frames on their way, some copies, and what HDF5 keeps"
    with h5py.File(Path(filename)) as master:
        dataset = master["1.1/measurement/camera"]
        require_readable(dataset)
        assert dataset.shape == (FRAMES, SIDE, SIDE)
        for number, frame in enumerate(dataset):
            assert frame.min() == frame.max() == (number + 1) % 256
