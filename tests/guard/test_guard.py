"""The guard's process: what is armed is done when the process dies, once; else nothing."""

import contextlib
import os
import signal
import time

import pytest

from obtura.works.guard import Guard, NoGuardError

ARM = """
path = {path!r}
def arm(name, function="write", **arguments):
    return guard.arm(name, {{"function": f"deeds:{{function}}", "arguments": {{"path": path, **arguments}}}})
"""


@pytest.fixture
def path(tmp_path):
    return tmp_path / "deeds"


@pytest.fixture
def deeds(path):
    """What was done."""
    return lambda: path.read_text().splitlines() if path.exists() else []


@pytest.fixture
def arming(armed, path):
    def run(code, **options):
        return armed(ARM.format(path=str(path)) + code, **options)

    return run


@pytest.fixture
def own():
    """A guard of this very process."""
    guard = Guard()
    yield guard
    guard.end()


def writing(path, text="done"):
    return {"function": "deeds:write", "arguments": {"path": str(path), "text": text}}


def test_all_that_is_armed_is_done(arming, deeds):
    process = arming("arm('a', text='a'); arm('b', text='b')")
    assert deeds() == []
    _, said = process.kill()
    assert sorted(deeds()) == ["a", "b"]
    assert said.count("obtura guard") == 2


def test_what_is_disarmed_is_not_done(arming, deeds):
    process = arming("number = arm('a', text='a'); arm('b', text='b'); guard.disarm(number)")
    process.kill()
    assert deeds() == ["b"]


def test_the_last_word_counts_also_when_the_process_dies_right_after_it(victim, path, deeds):
    begin = "import os; from obtura.works.guard import *\n" + ARM.format(path=str(path))
    process = victim("-c", f"{begin}number = arm('a', text='a'); guard.disarm(number); os.kill(os.getpid(), 9)")
    process.process.communicate(timeout=120)
    assert deeds() == []


def test_armed_twice_it_is_done_once(arming, deeds):
    arming("arm('a', text='a'); arm('the same', text='a')").kill()
    assert deeds() == ["a"]


def test_a_class_is_made_when_it_is_armed(arming, deeds):
    process = arming("arm('a', 'Connected')")
    assert deeds() == ["connected"]
    process.kill()
    assert deeds() == ["connected", "done"]


def test_one_that_fails_or_hangs_keeps_no_other_from_being_done(arming, deeds):
    process = arming("arm('bad', 'fail'); arm('stuck', 'hang'); arm('good', text='good'); print(guard.pid)")
    process.process.kill()
    limit = time.monotonic() + 60
    while len(deeds()) < 3 and time.monotonic() < limit:
        time.sleep(0.01)
    assert sorted(deeds()) == ["good", "hangs", "tried"]
    os.kill(int(process.lines[-1]), signal.SIGKILL)  # it would wait for the one that hangs


@pytest.mark.parametrize("end", ["sys.exit()", "sys.exit(3)", "1 / 0", "raise KeyboardInterrupt"])
def test_an_orderly_end_has_nothing_done(victim, path, deeds, end):
    begin = "import sys; from obtura.works.guard import *\n" + ARM.format(path=str(path))
    process = victim("-c", f"{begin}arm('a', text='a')\nprint('READY', flush=True)\n{end}")
    process.until("READY")
    _, said = process.process.communicate(timeout=120)
    assert deeds() == []
    assert "obtura guard" not in said


def test_ctrl_c_while_it_says_goodbye_is_quiet_and_the_end_stays_an_orderly_one(victim, path, deeds):
    begin = "import atexit, os, signal, subprocess, sys; from obtura.works.guard import *\n"
    press = "sleep 0.3; kill -INT %d; sleep 0.2; kill -INT %d"
    process = victim(
        "-c",
        f"{begin}{ARM.format(path=str(path))}"
        "arm('a', text='a'); os.kill(guard.pid, signal.SIGSTOP)  # so that the goodbye takes its time\n"
        f"command = ['sh', '-c', {press!r} % (os.getpid(), os.getpid())]\n"
        "atexit.register(lambda: subprocess.Popen(command, start_new_session=True))  # it comes just before\n"
        "print(guard.pid, flush=True); print('READY', flush=True); sys.exit(3)",
    )
    (pid,) = process.until("READY")
    try:
        _, said = process.process.communicate(timeout=120)
    finally:
        with contextlib.suppress(ProcessLookupError):  # it is not there any more
            os.kill(int(pid), signal.SIGCONT)
    assert (said, process.process.returncode, deeds()) == ("", 3, [])


def test_a_forked_child_that_ends_is_not_the_end(arming, deeds):
    process = arming("arm('a', text='a')\nif os.fork() == 0: sys.exit()\nos.wait(); print(guard.pid)")
    os.kill(int(process.lines[-1]), 0)
    assert deeds() == []
    process.kill()
    assert deeds() == ["a"]


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT])
def test_signals_for_the_process_it_guards_do_not_end_it(arming, deeds, signum):
    process = arming("arm('a', text='a'); print(guard.pid)")
    os.kill(int(process.lines[-1]), signum)
    process.kill()
    assert deeds() == ["a"]


def test_it_is_in_a_session_of_its_own(own, path):
    own.arm("a", writing(path))
    assert os.getsid(own.pid) == own.pid != os.getsid(0)


def test_a_guard_that_has_died_is_replaced_and_told_all(arming, deeds):
    process = arming(
        "arm('a', text='a'); first = guard.pid; os.kill(first, 9)\n"
        "while guard._process.poll() is None: time.sleep(0.01)\n"
        "arm('b', text='b'); print(guard.pid != first)"
    )
    assert process.lines == ["True\n"]
    process.kill()
    assert sorted(deeds()) == ["a", "b"]


@pytest.mark.parametrize(
    ("action", "why"),
    [
        ({"function": "no_such_module:close", "arguments": {}}, "No module named 'no_such_module'"),
        ({"function": "os:no_such_thing", "arguments": {}}, "no_such_thing"),
        ({"function": "os:sep", "arguments": {}}, "os:sep can't be called"),
        ({"function": "deeds:Connected", "arguments": {"path": "/no/such/place"}}, "No such file"),
    ],
)
def test_what_it_can_not_do_it_says_when_it_is_armed(own, path, action, why):
    with pytest.raises(NoGuardError, match=why):
        own.arm("a", action)
    own.arm("b", writing(path))


def test_one_that_is_not_ready_in_time_is_given_up_and_the_next_is_not_held_up(own, path):
    with pytest.raises(NoGuardError, match="not ready within 0.3 s"):
        own.arm("slow", {"function": "deeds:SlowToConnect", "arguments": {"path": str(path)}}, wait=0.3)
    own.arm("b", writing(path))


def test_where_python_can_not_be_started_it_says_so(own, path, monkeypatch):
    monkeypatch.setattr("sys.executable", "/no/such/python")
    with pytest.raises(NoGuardError, match="can't be started: .*No such file"):
        own.arm("a", writing(path))
    monkeypatch.setattr("sys.executable", "")
    with pytest.raises(NoGuardError, match="not known which program"):
        own.arm("a", writing(path))


@pytest.mark.parametrize("closed", [(0,), (1,), (2,), (0, 1, 2)])
def test_streams_that_are_closed_are_no_reason_to_be_without(victim, path, deeds, closed):
    code = "import os, sys; [os.close(each) for each in CLOSED]; from obtura.works.guard import *\n"
    code = code.replace("CLOSED", str(closed)) + ARM.format(path=str(path))
    victim("-c", f"{code}arm('a', text='a'); os.kill(os.getpid(), 9)").process.communicate(timeout=120)
    limit = time.monotonic() + 60
    while not deeds() and time.monotonic() < limit:
        time.sleep(0.01)
    assert deeds() == ["a"]


def test_what_a_module_prints_does_not_disturb(own, path, tmp_path, monkeypatch):
    (tmp_path / "loud.py").write_text("print('hello')\ndef shout(): pass\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    own.arm("loud", {"function": "loud:shout", "arguments": {}})
    own.arm("a", writing(path))


def test_it_goes_with_its_process_and_leaves_nothing(own, path):
    own.arm("a", writing(path))
    pid = own.pid
    own.end()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert not path.exists()
