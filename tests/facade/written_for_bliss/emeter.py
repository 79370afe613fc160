"""Counters: sampled in one call, integrated, calculated."""

from bliss.common.counter import CalcCounter, IntegratingCounter, SamplingCounter, SamplingMode, SoftCounter
from bliss.common.protocols import CounterContainer, HasMetadataForScan, counter_namespace
from bliss.controllers.counter import (
    CalcCounterController,
    IntegratingCounterController,
    SamplingCounterController,
)
from bliss.scanning.acquisition.counter import SamplingCounterAcquisitionSlave


class EmeterController(SamplingCounterController, HasMetadataForScan):
    """`read_all` gives every channel at once."""

    def __init__(self, name, config):
        super().__init__(name)
        self.max_sampling_frequency = config.get("frequency", 1000)
        self.gain = config.get("gain", default=1)
        self.calls = 0
        for channel in config.get("counters", []):
            counter = self.create_counter(
                SamplingCounter,
                channel["counter_name"],
                mode=SamplingMode[channel.get("mode", default="MEAN")],
                unit=channel.get("unit"),
            )
            counter.channel = channel["channel"]

    def read_all(self, *counters):
        self.calls += 1
        assert all(counter._counter_controller is self for counter in counters)
        return [self.gain * counter.channel for counter in counters]

    def scan_metadata(self):
        return {"gain": self.gain}

    def get_acquisition_object(self, acq_params, ctrl_params, parent_acq_params):
        return SamplingCounterAcquisitionSlave(self, ctrl_params=ctrl_params, **acq_params)

    def get_default_chain_parameters(self, scan_params, acq_params):
        try:
            count_time = acq_params["count_time"]
        except KeyError:
            count_time = scan_params["count_time"]
        return {"count_time": count_time, "npoints": acq_params.get("npoints", scan_params["npoints"])}


class Emeter(CounterContainer):
    """The device that a user sees."""

    def __init__(self, name, config):
        self.name = name
        self._controller = EmeterController(name, config)

    @property
    def counters(self):
        return counter_namespace(self._controller.counters)


class ScalerController(IntegratingCounterController):
    """Counts points by itself: as many as it was asked for."""

    def __init__(self, name, config):
        super().__init__(name)
        self.create_counter(IntegratingCounter, "scaler", unit="cts")
        self.triggered = 0

    def trigger(self, *counters):
        self.triggered += 1

    def prepare(self, *counters):
        self.triggered = 0

    def get_values(self, from_index, *counters):
        return [list(range(from_index, self.triggered)) for _ in counters]


class Transmission(CalcCounterController):
    def calc_function(self, input_dict):
        return {"transmission": input_dict["after"] / input_dict["before"]}


def transmission(before, after):
    config = {
        "inputs": [{"counter": before, "tags": "before"}, {"counter": after, "tags": "after"}],
        "outputs": [{"name": "transmission"}],
    }
    return Transmission("transmission_ctrl", config)


def clock_counter():
    ticks = iter(range(1_000_000))
    return SoftCounter(value=lambda: next(ticks), name="ticks", mode="SINGLE")


assert CalcCounter is not None
