"""Encoders: is the axis really there?"""

import math

import pytest
from timeline import timeline

from obtura.contracts.consumers import Surroundings
from obtura.devices import Axis, Encoder
from obtura.devices.sim import SimulatedAxis, SimulatedEncoder
from obtura.ground.errors import DeviceError, UsageError
from obtura.scans.bench import Bench


@pytest.fixture(autouse=True)
def time():
    with timeline() as source:
        yield source


def an_axis_and_encoder(**options):
    encoder = SimulatedEncoder("renc", steps_per_unit=1000, tolerance=0.01, unit="mm")
    return SimulatedAxis("roby", unit="mm", encoder=encoder, **options), encoder


def test_it_measures_the_dial_position():
    roby, encoder = an_axis_and_encoder(offset=10, sign=-1, steps_per_unit=200)
    roby.move(3)
    assert encoder.read() == 7
    assert encoder.raw_read() == 7000
    assert roby.measured_position == 3
    assert encoder.counter.read() == 7
    assert encoder.counter.fullname == "renc:renc"
    assert encoder.__info__() == "encoder renc: 7 mm"


def test_an_axis_that_is_not_where_its_encoder_says_is_an_error():
    roby, encoder = an_axis_and_encoder()
    encoder.slip = 0.005
    roby.move(1)
    encoder.slip = 0.5
    message = "roby: after the move to 2 mm its encoder renc reads 1.5 mm, further off than its tolerance of 0.01 mm"
    with pytest.raises(DeviceError, match=message):
        roby.move(2)
    assert roby.position == 2
    assert roby.measured_position == 1.5


def test_the_position_may_be_that_of_the_encoder():
    roby, encoder = an_axis_and_encoder(read_position="encoder", offset=1)
    encoder.slip = 0.25
    assert roby.position == 0.75
    roby.move(5)
    assert roby.position == 5
    assert roby.motor.position() == 4.25
    roby.dial = 0
    assert (encoder.read(), roby.position) == (0, 5)


def test_without_encoder_the_measured_position_is_the_position():
    roby = SimulatedAxis("roby", position=3)
    assert roby.measured_position == 3
    with pytest.raises(UsageError, match="roby: read_position is encoder, but it has no encoder"):
        SimulatedAxis("roby", read_position="encoder")
    with pytest.raises(UsageError, match="read_position 'encodr' is not known: did you mean 'encoder'"):
        SimulatedAxis("roby", read_position="encodr")


def test_an_encoder_of_ones_own_has_one_method():
    class Ruler(Encoder):
        def raw_read(self):
            return 42

    assert Ruler("ruler", steps_per_unit=10).read() == 4.2
    assert Axis("roby", SimulatedAxis("motor").motor, encoder=Ruler("ruler")).blocking
    with pytest.raises(NotImplementedError, match="Half must override raw_read"):
        type("Half", (Encoder,), {})("half").read()


@pytest.mark.parametrize("options", [{"steps_per_unit": 0}, {"tolerance": -1}, {"tolerance": "tight"}])
def test_what_makes_no_sense_is_refused(options):
    with pytest.raises(UsageError, match="renc: "):
        SimulatedEncoder("renc", **options)


def test_an_encoder_without_axis_says_so():
    with pytest.raises(DeviceError, match="renc: no simulated axis has this encoder"):
        SimulatedEncoder("renc").read()


def test_an_encoder_that_reads_no_number_does_not_agree():
    encoder = SimulatedEncoder("renc", tolerance=0.01)
    roby = SimulatedAxis("roby", encoder=encoder)
    encoder.slip = math.nan
    with pytest.raises(DeviceError, match=r"its encoder renc reads nan, further off than its tolerance of 0\.01"):
        roby.move(1)
    encoder.tolerance = math.inf  # it need not agree
    roby.move(2)


@pytest.mark.parametrize("read_position", ["controller", "encoder"])
def test_an_encoder_that_counts_on_agrees_with_an_axis_that_goes_round(read_position):
    encoder = SimulatedEncoder("renc", tolerance=0.01, unit="deg")
    table = SimulatedAxis("table", unit="deg", modulo=360, encoder=encoder, read_position=read_position)
    for target in (350, 10, 350, -5):
        table.move(target)
        assert table.position == table.measured_position == target % 360
    encoder.slip = 0.5
    assert table.measured_position == 354.5


def test_its_tolerance_can_be_changed_but_not_to_nonsense():
    encoder = SimulatedEncoder("renc")
    encoder.tolerance = 0.5
    with pytest.raises(UsageError, match="renc: tolerance must be"):
        encoder.tolerance = math.nan
    assert encoder.tolerance == 0.5


def test_what_is_no_encoder_is_refused():
    with pytest.raises(UsageError, match=r"roby: encoder must be an encoder, got SimulatedAxis\('other'\)"):
        SimulatedAxis("roby", encoder=SimulatedAxis("other"))


@pytest.mark.parametrize("counted", [lambda encoder: encoder, lambda encoder: encoder.counter])
def test_a_scan_counts_the_position_that_it_measures(counted):
    roby, encoder = an_axis_and_encoder()
    scan = Bench(Surroundings()).ascan(roby, 0, 1, 2, 0.1, counted(roby.encoder))
    assert scan.get_data(encoder.counter).tolist() == [0, 0.5, 1]
    assert scan.get_data("renc").tolist() == [0, 0.5, 1]
