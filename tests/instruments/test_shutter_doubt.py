"""A shutter whose server hangs while it is closed: nobody knows where it is, and that is said until somebody does."""

import os
import signal
import threading

import pytest

from obtura.ground.errors import DeviceError
from obtura.session.where import Where

WORDS = "NOT KNOWN TO BE CLOSED: told to close at "


def left_in_doubt(shutter, hang, go_on, in_the_end, capsys):
    """Closing it fails and says so; `sta` shows it; once its server goes on it is known again, and can be closed."""
    shutter.open()
    assert WORDS not in shutter.connection
    hang()
    try:
        with pytest.raises(DeviceError) as caught:
            shutter.close()
        assert "nobody knows whether it is closed: close it again" in "".join(caught.value.__notes__)
        assert shutter.connection.startswith(WORDS)
        Where(lambda: [], lambda: {"shutter": shutter}).sta()
        assert WORDS in " ".join(capsys.readouterr().out.split())
    finally:
        go_on()
    in_the_end(shutter.close)
    assert str(in_the_end(lambda: shutter.state)) == "CLOSED"
    assert WORDS not in shutter.connection


def test_of_pvs(mortal_beamline, in_the_end, capsys):
    shutter, pid = mortal_beamline.shutter(timeout=2.0, patience=2.0), mortal_beamline.ioc.pid
    hang, go_on = (lambda: os.kill(pid, signal.SIGSTOP)), (lambda: os.kill(pid, signal.SIGCONT))
    in_the_end(shutter.check)
    left_in_doubt(shutter, hang, go_on, in_the_end, capsys)


def test_of_pvs_it_is_known_again_as_soon_as_its_state_is(mortal_beamline, in_the_end):
    shutter, pid = mortal_beamline.shutter(timeout=2.0, patience=2.0), mortal_beamline.ioc.pid
    in_the_end(shutter.open)
    os.kill(pid, signal.SIGSTOP)
    with pytest.raises(DeviceError):
        shutter.close()
    assert shutter.state == "UNKNOWN"
    assert WORDS in shutter.__info__()
    os.kill(pid, signal.SIGCONT)
    while shutter.state not in ("OPEN", "CLOSED"):
        pass
    assert WORDS not in shutter.connection


def test_asked_in_text(pace, controller, in_the_end, capsys):
    valve = controller(pace, timeout=2.0).valve
    left_in_doubt(valve, pace.hang, pace.go_on, in_the_end, capsys)


def test_of_a_tango_device(beam, in_the_end, capsys):
    shutter = beam.shutter(timeout=2.0)
    left_in_doubt(shutter, beam.hang, beam.go_on, in_the_end, capsys)


def test_of_an_ophyd_device(in_the_end, capsys):
    ophyd = pytest.importorskip("ophyd", reason="ophyd is an extra: pip install obtura[ophyd]")
    from obtura.instruments.ophyd import OphydShutter

    class Far(ophyd.Signal):
        hangs = False

        def get(self, **options):
            if self.hangs:
                raise TimeoutError("no answer")
            return super().get(**options)

        def set(self, value, **options):
            status = ophyd.DeviceStatus(self, timeout=0.05)
            if not self.hangs:
                self.put(value)
                status.set_finished()
            return status

    signal = Far(name="far", value=0)
    shutter = OphydShutter("shutter", signal, timeout=0.3)
    hang, go_on = (lambda: setattr(signal, "hangs", True)), (lambda: setattr(signal, "hangs", False))
    left_in_doubt(shutter, hang, go_on, in_the_end, capsys)


def test_ctrl_c_that_ends_the_wait_leaves_it_in_doubt(pace, controller, in_the_end):
    valve = controller(pace, timeout=60.0).valve
    in_the_end(valve.open)
    pace.hang()
    interrupt = threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT))
    interrupt.start()
    try:
        with pytest.raises(KeyboardInterrupt):
            valve.close()
        interrupt.join()
        assert valve.connection.startswith(WORDS)
    finally:
        pace.go_on()
    in_the_end(valve.close)
    assert WORDS not in valve.connection
