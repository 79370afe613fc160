"""Settings of an axis by name, also those that its controller has for it."""

import pytest
from boxes import mockup

from obtura.devices.bliss import NoSettingsAxis
from obtura.devices.bliss.mockup import Mockup
from obtura.ground.errors import UsageError
from obtura.works.clock import virtual_time


class Counting(Mockup):
    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.axis_settings.add("gain", float)

    def initialize(self):
        super().initialize()
        self.axis_settings.add("label")

    def initialize_axis(self, axis):
        super().initialize_axis(axis)
        axis.settings.set("label", axis.settings.get("label") or "new")


def axis(**said):
    return mockup({"low_limit": -5, "high_limit": 5, **said}, kind=Counting).get_axis("roby")


def test_what_an_axis_has_is_asked_and_set_by_name():
    roby = axis(sign=-1)
    roby.settings.set("velocity", 3)
    roby.settings.set("high_limit", 4)
    roby.offset = 1
    assert roby.velocity == roby.settings.get("velocity") == 3
    assert roby.dial_limits == (-5, 4) and roby.settings.get("low_limit") == -5
    assert [roby.settings.get(name) for name in ("position", "dial_position", "offset", "unit")] == [1, 0, 1, "mm"]
    assert roby.settings.get("unheard_of") is None
    with pytest.raises(UsageError, match="roby: position can't be set: it is what its controller says"):
        roby.settings.set("position", 3)


def test_settings_of_its_controller_are_converted_and_outlive_a_session():
    roby, told = axis(), []
    roby.on_setting(lambda key, value: told.append((key, value)))
    roby.settings.set("gain", "2")
    assert roby.settings.get("gain") == 2.0
    shown = [line.split() for line in roby.settings.__info__().splitlines()]
    assert shown[0] == ["settings", "of", "roby"] and ["gain", "2.0"] in shown and ["velocity", "10.0"] in shown
    assert told == [("own", {"label": "new", "gain": 2.0})]
    kept = roby.settings()
    later = axis()
    later.restore(kept)
    assert later.settings.get("gain") == 2.0 and later.settings()["own"] == kept["own"]


def test_an_axis_without_settings_keeps_none_of_its_controller_s():
    roby = mockup({"class": "NoSettingsAxis"}, kind=Counting).get_axis("roby")
    roby.settings.set("gain", 2)
    assert isinstance(roby, NoSettingsAxis) and roby.settings() == {} and roby.settings.get("gain") == 2


def test_other_words_say_what_was_configured():
    roby = axis(user_tag=["top", "robots"], backlash=0.5, sign=-1)
    roby.velocity, roby.limits, roby.offset = 3, (-1, 1), 2
    assert (roby.config_velocity, roby.config_acceleration, roby.config_acctime) == (10, 100, 0.1)
    assert (roby.config_backlash, roby.config_limits) == (0.5, (-3, 7))
    assert roby.has_tag("top") and not roby.has_tag("to") and not axis().has_tag("top")
    with virtual_time():
        roby.move(1.5)
    assert (roby._hw_position, roby._set_position, roby.hw_state) == (0.5, 1.5, roby.state)
    roby.apply_config(reload=True)
    assert roby.velocity == 10
    with pytest.raises(UsageError, match="roby: obtura does not write YAML"):
        roby.settings_to_config(velocity=True)
