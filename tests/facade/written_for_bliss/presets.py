"""Presets of all three kinds."""

import gevent
from bliss.common.logtools import user_print
from bliss.scanning.chain import ChainIterationPreset, ChainPreset
from bliss.scanning.scan import ScanPreset


class OpenShutter(ScanPreset):
    def __init__(self, shutter, *counters):
        self.shutter = shutter
        self.counters = counters
        super().__init__()

    def prepare(self, scan):
        user_print(f"Preparing {scan.name}")
        self.connect_data_channels(self.counters, self.seen)

    def seen(self, counter, channel_name, data):
        user_print(f"{channel_name}: {len(data)}")

    def start(self, scan):
        self.shutter.open()

    def stop(self, scan):
        self.shutter.close()


class WaitABit(ChainPreset):
    """Waits before each point, as for a refill."""

    class Wait(ChainIterationPreset):
        def __init__(self, seconds):
            self.seconds = seconds

        def start(self):
            gevent.sleep(self.seconds)

    def __init__(self, seconds):
        super().__init__()
        self.seconds = seconds

    def get_iterator(self, acq_chain):
        while True:
            yield WaitABit.Wait(self.seconds)
