"""A camera of a few pixels, and somebody who keeps its frames: for tests of how frames go through a scan."""

import numpy as np
from doubles import Around, Watcher, make_scan

from obtura.acquisition.timer import SoftwareTimerMaster
from obtura.contracts.acquisition import AcquisitionSlave
from obtura.contracts.chain import AcquisitionChain
from obtura.ground.channels import AcquisitionChannel
from obtura.ground.events import Points

SHAPE = (3, 4)


def frame(number, dtype="uint16"):
    """Frame `number`: no two frames and no two pixels of one are alike."""
    return (100 * number + np.arange(12).reshape(SHAPE)).astype(dtype)


def frames(count, first=0):
    """Frames from `first` on, as one array."""
    return np.array([frame(number) for number in range(first, first + count)], "uint16").reshape(-1, *SHAPE)


class Snaps(AcquisitionSlave):
    """A camera that takes a frame at each trigger."""

    blocking = False

    def __init__(self, npoints, name="camera", at_each=lambda number: None):
        super().__init__(name=name, npoints=npoints, prepare_once=True, start_once=True)
        self.channels.append(AcquisitionChannel(f"{name}:image", "uint16", SHAPE))
        self.at_each = at_each
        self.number = 0

    def reading(self):
        self.at_each(self.number)
        self.channels[0].emit(frame(self.number))
        self.number += 1


class Film(AcquisitionSlave):
    """A camera that, once started, gives blocks of frames at its own pace."""

    def __init__(self, blocks, at_each=lambda number: None):
        super().__init__(name="camera", trigger_type=self.HARDWARE, npoints=sum(blocks), start_once=True)
        self.prepare_once = True
        self.channels.append(AcquisitionChannel("camera:image", "uint16", SHAPE))
        self.blocks = blocks
        self.at_each = at_each

    def reading(self):
        first = 0
        for count in self.blocks:
            self.at_each(first)
            self.channels[0].emit(frames(count, first))
            first += count


class Shelf:
    """Keeps frames as a saver does, and gives them back."""

    def __init__(self):
        self.kept = np.empty((0, *SHAPE), "uint16")
        self.asked = []

    @property
    def count(self):
        return len(self.kept)

    def read(self, first, stop):
        self.asked.append((first, stop))
        return self.kept[first:stop]


class FrameSaver(Watcher):
    """A saver of frames. `at_each(events)` is called with each batch before it is kept."""

    takes_frames = True

    def __init__(self, essential=True, at_each=lambda events: None):
        super().__init__("frame saver", essential)
        self.shelf = Shelf()
        self.at_each = at_each

    def receive(self, events):
        self.at_each(events)
        super().receive(events)
        for event in events:
            if isinstance(event, Points) and np.ndim(event.values) == 3:
                self.shelf.kept = np.concatenate([self.shelf.kept, event.values])

    def frames(self, channel):
        return self.shelf if self.essential else None


def camera_scan(camera, *consumers, npoints=1):
    """A scan that triggers `camera` at each of `npoints` points, read by `consumers`."""
    chain = AcquisitionChain()
    chain.add(SoftwareTimerMaster(0, npoints=npoints), camera)
    return make_scan(chain, Around(*consumers))
