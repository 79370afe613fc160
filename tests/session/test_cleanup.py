"""cleanup and error_cleanup: things are put in order whatever happens in the body."""

import contextlib

import pytest

from obtura.devices.sim import FaultyShutter, SimulatedAxis, SimulatedShutter
from obtura.ground.errors import DeviceError, LimitError, UsageError
from obtura.session.cleanup import Restore, cleanup, error_cleanup
from obtura.works.clock import virtual_time


class Body(Exception):
    pass


class Lab:
    def __init__(self):
        self.roby = SimulatedAxis("roby", unit="mm", velocity=10, limits=(-5, 5))
        self.robz = SimulatedAxis("robz", position=1)
        self.shutter = SimulatedShutter("shutter")
        self.log = []

    def says(self, word):
        def say():
            self.log.append(word)

        return say

    @contextlib.contextmanager
    def around(self, word, swallow=False):
        self.log.append(f"enter {word}")
        try:
            yield
        except Body:
            self.log.append(f"error in {word}")
            if not swallow:
                raise
        finally:
            self.log.append(f"leave {word}")


@pytest.fixture
def lab():
    with virtual_time():
        yield Lab()


@pytest.mark.parametrize("error", [None, Body, KeyboardInterrupt, SystemExit])
def test_motors_go_back_together_however_the_body_ends(lab, error):
    with (
        pytest.raises(error) if error else contextlib.nullcontext(),
        cleanup(lab.roby, lab.robz, restore_list=(Restore.POS,)),
    ):
        lab.roby.move(3)
        lab.robz.move(3)
        if error:
            raise error
    assert lab.roby.position == 0
    assert lab.robz.position == 1


def test_velocity_acceleration_and_limits_are_restored(lab):
    with cleanup(lab.roby, restore_list=("VEL", "ACC", "LIM")):
        lab.roby.velocity, lab.roby.acceleration, lab.roby.limits = 1, 2, (-1, 4)
        lab.roby.move(3)
    assert (lab.roby.velocity, lab.roby.acceleration, lab.roby.limits) == (10, 100, (-5, 5))
    assert lab.roby.position == 3


def test_only_what_is_asked_for_is_restored(lab):
    with cleanup(lab.roby, restore_list="VEL"):
        lab.roby.velocity, lab.roby.acceleration = 1, 2
    assert (lab.roby.velocity, lab.roby.acceleration) == (10, 2)


def test_limits_are_restored_before_the_motor_goes_back(lab):
    with cleanup(lab.roby, restore_list=["POS", "LIM"]):
        lab.roby.move(3)
        lab.roby.limits = (2, 4)
    assert lab.roby.position == 0


def test_motors_that_move_are_stopped(lab):
    with cleanup(lab.roby):
        lab.roby.move(5, wait=False)
    assert not lab.roby.is_moving
    assert lab.roby.position < 5


def test_functions_are_called_and_contexts_left_the_last_first(lab):
    with cleanup(lab.says("first"), lab.around("second"), lab.says("third")):
        lab.log.append("body")
    assert lab.log == ["enter second", "body", "third", "leave second", "first"]


def test_the_shutter_is_closed_before_motors_go_back(lab):
    def close():
        lab.log.append(f"closed at {lab.roby.position:g}")
        lab.shutter.close()

    with cleanup(close, lab.roby, restore_list=["POS"]):
        lab.shutter.open()
        lab.roby.move(3)
    assert lab.log == ["closed at 3"]
    assert lab.shutter.is_closed
    assert lab.roby.position == 0


def test_after_a_good_end_error_cleanup_leaves_all_but_contexts_alone(lab):
    with error_cleanup(lab.roby, lab.says("called"), lab.around("context"), restore_list=["POS", "VEL"]):
        lab.roby.velocity = 5
        lab.roby.move(3)
    assert lab.roby.position == 3
    assert lab.roby.velocity == 5
    assert lab.log == ["enter context", "leave context"]


@pytest.mark.parametrize("error", [Body, KeyboardInterrupt])
def test_after_an_error_error_cleanup_puts_all_in_order(lab, error):
    with pytest.raises(error), error_cleanup(lab.roby, lab.says("called"), restore_list=["POS", "VEL"]):
        lab.roby.velocity = 5
        lab.roby.move(3)
        raise error
    assert lab.roby.position == 0
    assert lab.roby.velocity == 10
    assert lab.log == ["called"]


def fail(error):
    def failing():
        raise error

    return failing


@pytest.mark.parametrize("kind", [DeviceError, SystemExit, KeyboardInterrupt])
def test_each_step_is_made_whatever_the_others_do(lab, kind):
    steps = (lab.says("first"), fail(DeviceError("two")), fail(kind("one")))
    with pytest.raises(kind) as caught, cleanup(*steps, lab.roby, restore_list=["POS"]):
        lab.roby.move(3)
    assert lab.log == ["first"]
    assert lab.roby.position == 0
    assert str(caught.value) == "one"
    assert caught.value.__notes__[0] == "in cleanup: fail.<locals>.failing()"
    assert "then two" in caught.value.__notes__[1]


def test_the_error_of_the_body_is_the_one_to_raise(lab):
    with pytest.raises(Body) as caught, cleanup(fail(DeviceError("no air pressure"))):
        raise Body
    assert caught.value.__notes__ == ["then no air pressure (in cleanup: fail.<locals>.failing())"]


def test_a_motor_that_can_not_go_back_keeps_no_other_away(lab):
    with pytest.raises(LimitError) as caught, cleanup(lab.robz, lab.roby, restore_list=["POS"]):
        lab.roby.move(3)
        lab.robz.move(3)
        lab.robz.limits = (2, 4)
    assert lab.roby.position == 0
    assert lab.robz.position == 3
    assert caught.value.__notes__[0] == "in cleanup: robz goes back to 1, roby goes back to 0 mm"


def test_a_shutter_as_context_is_open_for_the_time_of_the_body(lab):
    with cleanup(lab.shutter):
        assert lab.shutter.is_open
    assert lab.shutter.is_closed


def test_when_a_context_can_not_be_entered_those_before_are_left_and_the_body_is_not_run(lab):
    bad = FaultyShutter("bad", bad_open=True)
    contexts = cleanup(lab.around("first"), bad, lab.around("never"))
    with pytest.raises(DeviceError, match="electronics fail"), contexts:
        raise AssertionError("the body was run")
    assert lab.log == ["enter first", "leave first"]


def test_a_context_may_swallow_the_error_as_nested_ones_may(lab):
    with cleanup(lab.around("outer"), lab.around("inner", swallow=True)):
        raise Body
    assert lab.log == ["enter outer", "enter inner", "error in inner", "leave inner", "leave outer"]


def test_a_context_that_lets_the_error_pass_adds_nothing_to_it(lab):
    with pytest.raises(Body) as caught, cleanup(lab.around("outer")):
        raise Body
    assert not hasattr(caught.value, "__notes__")


def test_it_may_be_used_again(lab):
    again = cleanup(lab.says("called"), lab.roby, restore_list=["POS"])
    for _ in range(2):
        with again:
            lab.roby.move(3)
        assert lab.roby.position == 0
    assert lab.log == ["called", "called"]


def test_it_says_what_it_does_when_asked_to(lab, capsys):
    with cleanup(lab.roby, lab.robz, lab.shutter.close, restore_list=["POS", "VEL"], verbose=True):
        lab.roby.velocity = 5
        lab.roby.move(3)
    assert capsys.readouterr().out.splitlines() == [
        "cleanup: Shutter.close()",
        "cleanup: roby.velocity = 10.0",
        "cleanup: roby goes back to 0 mm",
    ]


def test_it_is_not_kept_from_its_work_by_a_closed_stdout(lab, monkeypatch):
    class Closed:
        def write(self, text):
            raise ValueError("closed")

    monkeypatch.setattr("sys.stdout", Closed())
    with cleanup(lab.roby, restore_list=["POS"], verbose=True):
        lab.roby.move(3)
    assert lab.roby.position == 0


@pytest.mark.parametrize("thing", [3, "roby", SimulatedShutter, None])
def test_what_it_can_not_put_in_order_is_refused(thing):
    with pytest.raises(UsageError, match="cleanup takes motors, functions and context managers"):
        cleanup(thing)


def test_what_a_motor_has_not_can_not_be_restored(lab):
    class Plain:
        name = "plain"
        position = 0.0
        limits = (0, 1)
        is_moving = False
        check = check_target = move = wait_move = stop = estimate = print

    with pytest.raises(UsageError, match="cleanup: plain has no velocity to be restored"):
        cleanup(Plain(), restore_list=["VEL"])
    with pytest.raises(UsageError, match="restore_list 'POSS' is not known: did you mean 'POS'"):
        cleanup(lab.roby, restore_list=["POSS"])
