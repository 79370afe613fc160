"""The lamp and its preset, on a lamp that this test plays."""

import pytest
from obtura_lablight import LabLight, LightPreset

from obtura import DeviceError, SoftCounter, loopscan


def test_the_lamp_is_set_and_asked(lamp):
    light = LabLight("light", lamp.address)
    light.power = 40
    assert light.power == 40
    assert light.__info__() == "lamp light: 40 %"


def test_a_lamp_that_does_not_answer_is_a_device_error():
    light = LabLight("light", "127.0.0.1:1", timeout=0.2)
    with pytest.raises(DeviceError, match=r"light: the lamp at 127\.0\.0\.1:1 does not answer"):
        light.check()


def test_an_address_needs_a_port():
    with pytest.raises(ValueError, match="host:port"):
        LabLight("light", "somewhere")


def test_a_scan_has_light_and_leaves_none(lamp):
    light = LabLight("light", lamp.address)
    scan = loopscan(1, 0.01, SoftCounter(light, "power"), save=False, run=False)
    scan.add_preset(LightPreset(light, 80))
    scan.run()
    assert set(scan.get_data("power")) == {80.0}
    assert light.power == 0


def test_the_light_goes_out_when_a_scan_fails(lamp):
    light = LabLight("light", lamp.address)
    scan = loopscan(1, 0.01, SoftCounter(value=lambda: 1 / 0, name="bad"), save=False, run=False)
    scan.add_preset(LightPreset(light))
    with pytest.raises(ZeroDivisionError):
        scan.run()
    assert [told for told in lamp.told if told.startswith("POW ")] == ["POW 100", "POW 0"]
