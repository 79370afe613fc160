"""An error as a user reads it."""

import pytest

from obtura.ground.errors import DeviceError, ScanAbort
from obtura.session.messages import told
from obtura.works.interrupt import BY_CTRL_C


def abort():
    error = ScanAbort(BY_CTRL_C)
    error.add_note("then box.reading has not returned 1 s after box was stopped; it is given up")
    error.add_note("loopscan (scan 3): NOT in order, look at it: box.reading")
    return error


def pressed_while(error):
    """A Ctrl-C that comes while an error is on its way to the prompt."""
    try:
        try:
            raise error
        finally:
            raise KeyboardInterrupt
    except KeyboardInterrupt as press:
        return press


def test_who_goes_on_pressing_ctrl_c_reads_all_the_same_what_is_not_in_order():
    assert told(pressed_while(abort())) == told(abort())
    assert "NOT in order, look at it: box.reading" in told(abort())
    assert told(pressed_while(pressed_while(abort()))) == told(abort())


def test_a_press_while_an_error_is_on_its_way_hides_it_not():
    assert told(pressed_while(DeviceError("roby: no power"))) == "!!! roby: no power\n!!! interrupted by Ctrl-C"


STOPPED = "umv was stopped by Ctrl-C: roby stands at 2"


def moved():
    """What a press becomes in a move: of its own, so it has no cause."""
    error = KeyboardInterrupt(STOPPED)
    error.__suppress_context__ = True
    return error


def during(error, handled):
    """An error that came while another one was handled."""
    error.__context__ = handled
    return error


def test_where_the_motors_stand_is_always_told():
    assert told(during(moved(), DeviceError("handled"))) == f"!!! {STOPPED}"
    assert told(during(moved(), abort())) == f"!!! {STOPPED}\n{told(abort())}"
    assert told(pressed_while(moved())) == f"!!! {STOPPED}"


def test_what_could_not_be_stopped_is_always_told():
    press = KeyboardInterrupt()
    press.add_note("then robz was not stopped")
    assert told(during(press, DeviceError("handled"))) == "!!! interrupted by Ctrl-C\n    then robz was not stopped"
    assert (
        told(pressed_while(during(press, ValueError()))) == "!!! interrupted by Ctrl-C\n    then robz was not stopped"
    )


@pytest.mark.parametrize("error", [ValueError("of the user's own"), None])
def test_any_other_press_is_told_in_a_line(error):
    press = KeyboardInterrupt() if error is None else pressed_while(error)
    assert told(press) == "!!! interrupted by Ctrl-C"
