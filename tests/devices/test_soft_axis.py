"""Soft axes: anything that has a position."""

import math
import threading

import pytest

from obtura.contracts.devices import is_movable
from obtura.devices import AxisState, SoftAxis
from obtura.ground.errors import DeviceError, LimitError, UsageError


class Oven:
    """Heats up to half a degree."""

    def __init__(self):
        self.position = 0.0
        self.setpoint = 0.0
        self.log = []

    @property
    def temperature(self):
        return self.setpoint + 0.5

    def heat(self, target):
        self.log.append(f"heat {target:g}")
        self.setpoint = target

    def cool(self):
        self.log.append("cool")


def test_setting_an_attribute_is_a_move():
    oven = Oven()
    axis = SoftAxis("oven", oven)
    axis.move(3)
    axis.rmove(1)
    assert oven.position == axis.position == 4
    assert is_movable(axis)
    assert not axis.is_moving
    assert axis.estimate(100) == 0


def test_calling_a_method_is_a_move():
    oven = Oven()
    axis = SoftAxis("oven", oven, position="temperature", move="heat", stop="cool", tolerance=1, unit="K")
    axis.move(300)
    assert oven.log == ["heat 300"]
    assert axis.position == 300.5
    assert axis.__info__().splitlines()[1] == "  position     300.5 K"


def test_a_method_that_exists_only_when_asked_for_is_a_method():
    oven = Oven()

    class Proxy:
        def __getattr__(self, name):
            return getattr(oven, name)

    axis = SoftAxis("oven", Proxy(), position="temperature", move="heat", stop="cool", tolerance=1)
    axis.move(300)
    assert oven.log == ["heat 300"]


def test_functions_will_do():
    places = [0.0]
    axis = SoftAxis("places", None, position=lambda: places[-1], move=places.append)
    axis.move(2)
    assert places == [0, 2]


def test_a_setting_that_is_not_reached_is_an_error():
    axis = SoftAxis("oven", Oven(), position="temperature", move="heat", unit="K")
    with pytest.raises(DeviceError, match=r"oven: the move to 300 K ended at 300.5 K"):
        axis.move(300)


def test_its_limits_hold():
    oven = Oven()
    axis = SoftAxis("oven", oven, low_limit=0, high_limit=10)
    for target in (-1, 11, math.nan):
        with pytest.raises((LimitError, UsageError)):
            axis.move(target)
    assert oven.position == 0


@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt])
def test_a_move_that_fails_is_stopped(error):
    class Broken(Oven):
        def heat(self, target):
            raise error("fuse")

    oven = Broken()
    axis = SoftAxis("oven", oven, position="temperature", move="heat", stop="cool")
    with pytest.raises(DeviceError if error is OSError else error, match="fuse"):
        axis.move(300)
    assert oven.log == ["cool"]


def test_a_move_that_blocks_can_be_stopped_from_elsewhere():
    heating, cooling = threading.Event(), threading.Event()

    class Slow(Oven):
        def heat(self, target):
            heating.set()
            assert cooling.wait(60)

        def cool(self):
            cooling.set()

    def heat():
        try:
            axis.move(300)
        except DeviceError as error:
            errors.append(str(error))

    axis, errors = SoftAxis("oven", Slow(), position="temperature", move="heat", stop="cool"), []
    mover = threading.Thread(target=heat)
    mover.start()
    assert heating.wait(60)
    axis.stop()
    mover.join(60)
    assert errors == ["oven: the move to 300 was stopped at 0.5"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"position": "postion"}, "SoftAxis oven: Oven has no attribute 'postion': did you mean 'position'"),
        ({"move": "haet"}, "Oven has no attribute 'haet': did you mean 'heat'"),
        ({"move": "temperature"}, "Oven.temperature is a property without a setter"),
        ({"stop": "setpoint"}, "Oven.setpoint is not a method"),
        ({"stop": 5}, "expected the name of an attribute or a function, got 5"),
        ({"position": 5}, "expected the name of an attribute or a function, got 5"),
        ({"move": 5}, "expected the name of an attribute or a function, got 5"),
        ({"obj": Oven}, "Oven is a class"),
    ],
)
def test_what_cannot_be_moved_is_refused(options, message):
    with pytest.raises(UsageError, match=message):
        SoftAxis("oven", **{"obj": Oven(), **options})


def test_it_blocks_unless_told_otherwise():
    assert SoftAxis("oven", Oven()).blocking is True
    assert SoftAxis("oven", Oven(), blocking=False).blocking is False


def test_with_a_state_its_move_may_return_before_it_is_there():
    states = ["moving", "MOVING", "READY"]
    oven = Oven()
    axis = SoftAxis(
        "oven", oven, "temperature", "heat", None, lambda: states.pop(0) if len(states) > 1 else states[0], tolerance=1
    )
    states.insert(0, "READY")
    axis.move(300)
    assert states == ["READY"]
    assert oven.log == ["heat 300"]
    assert SoftAxis("oven", oven, state=lambda: AxisState("FAULT", reason="too hot")).state == "FAULT"
    with pytest.raises(UsageError, match="'COLD' is not known"):
        assert SoftAxis("oven", oven, state=lambda: "cold").state


def test_a_state_that_nobody_knows_names_the_axis():
    class Plc:
        position, state = 0.0, "on fire"

    with pytest.raises(UsageError, match="valve: its state is 'on fire'; AxisState: 'ON FIRE' is not known"):
        SoftAxis("valve", Plc(), state="state").move(1)
