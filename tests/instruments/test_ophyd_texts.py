"""Readings of ophyd and ophyd-async that are texts, as counters."""

import pytest

pytest.importorskip("ophyd", reason="ophyd is an extra: pip install obtura[ophyd]")
pytest.importorskip("ophyd_async", reason="ophyd is an extra: pip install obtura[ophyd]")

import ophyd.sim
import ophyd_async.core as core

import obtura
from obtura.instruments.ophyd import OphydCounter, OphydDetector, OphydDevice, OphydFlyer, OphydFlyerMaster


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


class Phase(core.StrictEnum):
    IDLE = "idle"
    MOVING = "moving"


class Sample(core.StandardReadable):
    def __init__(self, name=""):
        with self.add_children_as_readables():
            self.label, _ = core.soft_signal_r_and_setter(str, "über quartz")
            self.phase, _ = core.soft_signal_r_and_setter(Phase, Phase.MOVING)
            self.weight, _ = core.soft_signal_r_and_setter(float, 2.5)
        super().__init__(name)


def in_file(scan, name):
    return obtura.open(scan.scan_info["filename"]).last[name][:].tolist()


def test_a_signal_of_ophyd_that_is_a_text(tmp_path):
    device = OphydDevice("note", ophyd.Signal(name="note", value="ready"))
    scan = obtura.loopscan(2, 0.01, device)
    assert scan.get_data("note:note").tolist() == ["ready", "ready"] == in_file(scan, "note")


def test_texts_and_enums_of_ophyd_async_are_counted_beside_numbers():
    device = OphydDevice("sample", Sample("sample"))
    label, phase, weight = (OphydCounter(key, device, f"sample-{key}") for key in ("label", "phase", "weight"))
    scan = obtura.loopscan(2, 0.01, device)
    assert scan.get_data(label).tolist() == ["über quartz"] * 2 == in_file(scan, "label")
    assert scan.get_data(phase).tolist() == ["moving"] * 2 == in_file(scan, "phase")
    assert {type(text) for text in scan.get_data(phase)} == {str}
    assert scan.get_data(weight).tolist() == [2.5] * 2


def test_a_conversion_makes_a_number_of_it():
    device = OphydDevice("note", ophyd.Signal(name="note", value="ready"))
    length = OphydCounter("length", device, "note", conversion_function=len)
    assert obtura.ct(0, length, save=False).get_data(length).tolist() == [5.0]


def test_a_mean_of_it_is_refused():
    device = OphydDevice("note", ophyd.Signal(name="note", value="ready"))
    with pytest.raises(obtura.UsageError, match="note:note gives text, which has no mean: its mode must be SINGLE"):
        obtura.ct(0, OphydCounter("note", device, mode="MEAN"), save=False)


class Noting(ophyd.sim.SynSignal):
    """A detector whose reading is a text."""

    def __init__(self):
        self.count = 0
        super().__init__(func=lambda: f"shot {self.count}", name="shots")

    def trigger(self):
        self.count += 1
        return super().trigger()


def test_a_detector_gives_the_text_of_each_trigger():
    detector = OphydDetector("shots", Noting())
    scan = obtura.loopscan(3, 0, detector)
    assert scan.get_data("shots").tolist() == ["shot 1", "shot 2", "shot 3"] == in_file(scan, "shots")


class Telling(ophyd.sim.MockFlyer):
    """A flyer that has a text beside its numbers."""

    def describe_collect(self):
        streams = super().describe_collect()
        for stream in streams.values():
            stream["phase"] = {"source": "here", "dtype": "string", "shape": []}
        return streams

    def collect(self):
        for event in super().collect():
            yield event | {"data": event["data"] | {"phase": f"at {event['data']['mx']:g}"}}


def test_a_flyer_has_texts_too():
    motor = ophyd.sim.SynAxis(name="mx")
    flyer = OphydFlyer(
        "fly", Telling("fly", ophyd.sim.SynGauss("diode", motor, "mx", center=0, Imax=1), motor, 0, 2, 3)
    )
    chain = obtura.AcquisitionChain()
    chain.add(OphydFlyerMaster(flyer))
    scan = obtura.Scan(chain, "fly")
    scan.run()
    assert scan.get_data("phase").tolist() == ["at 0", "at 1", "at 2"]
