"""Calculated axes in the manner of BLISS, told apart by tags."""

import pytest
from boxes import mockup

from obtura.devices.bliss import CalcController, Motion
from obtura.devices.bliss.methods import object_method
from obtura.devices.bliss.mockup import Mockup
from obtura.devices.bliss.slits import TaggedEnergy, TaggedSlits
from obtura.ground.errors import DeviceError, LimitError, UsageError
from obtura.works.clock import virtual_time


@pytest.fixture(autouse=True)
def in_virtual_time():
    with virtual_time():
        yield


class Half(CalcController):
    def initialize(self):
        self.calls = []

    def initialize_axis(self, axis):
        self.calls.append((axis.name, axis.config.get("colour", default="none")))

    def calc_from_real(self, real):
        return {"half": real["whole"] / 2}

    def calc_to_real(self, pseudo):
        return {"whole": pseudo["half"] * 2}

    @object_method
    def double(self, axis):
        return axis.position * 2


def half(**said):
    real = mockup({"high_limit": 10}).get_axis("roby")
    axes = [{"name": real, "tags": "real whole"}, {"name": "h", "tags": "half", "colour": "red", **said}]
    return real, Half({"name": "halves", "axes": axes})


def test_a_calculated_axis_moves_the_real_one_within_its_limits():
    real, halves = half(low_limit=-3)
    axis = halves.get_axis("h")
    axis.move(4)
    assert (real.position, axis.position, axis.double()) == (8, 4, 8)
    with pytest.raises(LimitError, match=r"h at 6: roby: move to 12 mm would exceed high limit"):
        axis.move(6)
    with pytest.raises(LimitError, match="h: move to -4 would exceed low limit"):
        axis.move(-4)
    assert halves.calls == [("h", "red")]
    assert halves.reals == [real] and halves.pseudos == [axis]
    assert halves._tagged["half"] == [axis] and halves._axis_tag(real) == "whole"


class Cutting(Mockup):
    """Makes whole steps, of a tenth of a unit: what is beyond them is cut off."""

    def start_one(self, motion):
        super().start_one(Motion(motion.axis, float(int(motion.target_pos)), motion.delta))


def test_an_axis_over_two_layers_arrives_where_the_steps_of_the_real_one_allow():
    real = mockup({"steps_per_unit": 10}, kind=Cutting).get_axis("roby")
    first = Half({"axes": [{"name": real, "tags": "real whole"}, {"name": "h", "tags": "half"}]}).get_axis("h")
    second = Half({"axes": [{"name": first, "tags": "real whole"}, {"name": "q", "tags": "half"}]}).get_axis("q")
    second.move(0.59)
    assert (real.position, first.position, second.position) == pytest.approx((2.3, 1.15, 0.575))
    assert second.set_position == 0.59, "moves by steps add up to what was asked for"
    second.rmove(0.01)
    assert real.position == pytest.approx(2.4)
    real.controller.start_one = lambda motion: None
    with pytest.raises(DeviceError, match="q: the move to 3 ended at 0.6, further off than the tolerance") as caught:
        second.move(3)
    assert caught.value.__notes__ == [
        "because h: the move to 6 ended at 1.2, further off than the tolerance of 0.0001",
    ]


def test_tags_that_make_no_sense_are_told():
    for tags in ("real a b", "unreal a", "", None):
        with pytest.raises(UsageError, match="halves: .*tags"):
            Half({"name": "halves", "axes": [{"name": "x", "tags": tags}]})
    with pytest.raises(UsageError, match="halves: the real axis whole must be an axis, got 'roby'"):
        Half({"name": "halves", "axes": [{"name": "roby", "tags": "real whole"}]})


def test_slits_and_energies_by_tags():
    box = mockup({"name": "u"}, {"name": "d"}, {"name": "mono", "unit": "deg"})
    up, down, mono = (box.get_axis(name) for name in ("u", "d", "mono"))
    slits = TaggedSlits(
        {
            "axes": [
                {"name": up, "tags": "real up"},
                {"name": down, "tags": "real down"},
                {"name": "vg", "tags": "vgap"},
                {"name": "vo", "tags": "voffset"},
            ]
        }
    )
    slits.get_axis("vg").move(2)
    slits.get_axis("vo").move(0.5)
    assert (up.position, down.position) == (1.5, 0.5)
    crystal = TaggedEnergy(
        {
            "dspacing": 3.1356,
            "axes": [
                {"name": mono, "tags": "real monoang"},
                {"name": "e", "tags": "energy"},
                {"name": "lam", "tags": "wavelength"},
            ],
        }
    )
    energy, wavelength = crystal.get_axis("e"), crystal.get_axis("lam")
    energy.move(12.0)
    assert mono.position == pytest.approx(9.4829, abs=1e-4)
    wavelength.offset = 0.1
    wavelength.move(1.1 + 0.1)
    assert energy.position == pytest.approx(12.39842 / 1.1, rel=1e-6)
    energy.move(10.0)
    assert wavelength.dial == pytest.approx(1.239842, rel=1e-6)
