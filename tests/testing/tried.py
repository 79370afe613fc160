"""Presets that are put to the test."""

from obtura.contracts.presets import ScanPreset


class Opens(ScanPreset):
    """Closes whatever happens."""

    def __init__(self, shutter):
        self.shutter = shutter

    def start(self, scan):
        self.shutter.open()

    def stop(self, scan):
        self.shutter.close()


class OneAfterTheOther(Opens):
    def __init__(self, shutter, cover):
        super().__init__(shutter)
        self.cover = cover

    def start(self, scan):
        self.cover.set_out()
        super().start(scan)

    def stop(self, scan):
        self.cover.set_in()
        super().stop(scan)


class BothAtAnyRate(OneAfterTheOther):
    def stop(self, scan):
        try:
            self.cover.set_in()
        finally:
            self.shutter.close()
