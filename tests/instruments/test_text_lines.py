"""Lines to real servers in other processes, and to one that behaves badly on purpose."""

import os
import select
import subprocess
import threading
import time

import pytest

import obtura
from obtura.contracts import looking
from obtura.devices.text import (
    Line,
    LineError,
    SerialLine,
    SilenceError,
    TcpLine,
    TextCounter,
    TextInstrument,
    Transport,
    VisaLine,
    talk,
)
from obtura.devices.text.transport import host_and_port
from obtura.ground.errors import DeviceError, UsageError

TIMEOUT = 2.0  # what is there answers in it, however busy the machine
LATEST = 15.0  # that it comes to an end is what counts; a shared machine may be late

WAYS = {
    "tcp": lambda pace, **form: TcpLine(pace.url, **form),
    "serial": lambda pace, **form: SerialLine(pace.tty, **form),
    "visa by tcp": lambda pace, **form: VisaLine(f"TCPIP::127.0.0.1::{pace.port}::SOCKET", **form),
    "visa by serial": lambda pace, **form: VisaLine(f"ASRL{pace.tty}::INSTR", **form),
}


@pytest.fixture
def line_to_pace(pace):
    """A line to the pressure controller, by one of WAYS; closed afterwards."""
    lines = []

    def make(way, **form):
        if way.startswith("visa"):
            pytest.importorskip("pyvisa_py", reason="VISA is an extra: pip install obtura[visa]")
        if way.endswith("serial"):
            pytest.importorskip("serial", reason="serial ports are an extra: pip install obtura[serial]")
        lines.append(WAYS[way](pace, **form))
        return lines[-1]

    yield make
    for line in lines:
        line.close()


@pytest.mark.parametrize("way", WAYS)
def test_an_instrument_of_others_is_told_and_asked(line_to_pace, way, pace):
    line = line_to_pace(way)
    line.write("SOUR1 12.5")
    assert line.query("SOUR1?") == "SOUR1 12.5"
    assert line.query("*IDN?").startswith("*IDN GE Druck,PACE5000,")
    assert pace.heard() == ["SOUR1 12.5", "SOUR1?", "*IDN?"]
    assert line.connection.startswith(line.address) and "connected since" in line.connection


@pytest.mark.parametrize("way", WAYS)
def test_messages_of_many_threads_do_not_mix(line_to_pace, way):
    line = line_to_pace(way)
    queries = ["SENS1?", "SOUR1?", "OUTP1:STAT?", "SOUR1:SLEW?"]
    wrong = []

    def ask(query):
        for _ in range(25):
            answer = line.query(query)
            if not answer.startswith(query.removesuffix("?") + " "):
                wrong.append((query, answer))

    threads = [threading.Thread(target=ask, args=(query,)) for query in queries]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert len(line.trace) == 101  # with the one that says that it was connected


@pytest.mark.parametrize("way", WAYS)
def test_a_server_that_hangs_fails_in_time_and_its_late_answer_is_no_answer(line_to_pace, way, pace, seconds):
    line = line_to_pace(way, timeout=TIMEOUT)
    it = TextInstrument("it", line=line, identify="PACE5000", timeout=TIMEOUT)
    assert it.query("SOUR1:SLEW?") == "SOUR1:SLEW 2.0"
    pace.hang()
    try:
        took, error = seconds(lambda: it.query("SOUR1:SLEW?"))
        assert took < LATEST
        assert str(error) == f"it: {line.address} did not answer 'SOUR1:SLEW?' within {TIMEOUT:g} s"
    finally:
        pace.go_on()
    for _ in range(5):
        assert it.query("OUTP1:STAT?") == "OUTP1:STAT 0"
        assert it.query("SOUR1?") == "SOUR1 0"


@pytest.mark.parametrize("way", ["tcp", "serial"])
def test_a_server_that_dies_is_told_and_one_that_is_back_serves(line_to_pace, way, pace, seconds, in_the_end):
    line = line_to_pace(way, timeout=TIMEOUT)
    line.query("SOUR1?")
    pace.kill()
    for _ in range(2):
        took, error = seconds(lambda: line.query("SOUR1?"))
        assert took < LATEST
        assert isinstance(error, LineError)
    assert str(error).startswith(f"{line.address} is not connected since ")
    assert "is it switched on, and the address right?" in str(error)
    pace.start()
    assert in_the_end(lambda: line.query("SOUR1?")) == "SOUR1 0.4"


def test_what_is_told_is_not_lost_when_the_server_was_started_anew(line_to_pace, pace):
    line = line_to_pace("tcp")
    line.write("SOUR1 1")
    line.query("SOUR1?")
    pace.kill()
    pace.start()
    line.write("SOUR1 7.5")  # into a socket whose other end is gone, it would go well
    assert line.query("SOUR1?") == "SOUR1 7.5"


def test_a_call_waits_for_a_server_that_is_just_coming_back(line_to_pace, pace):
    line = line_to_pace("tcp", timeout=60.0)
    line.query("SOUR1?")
    pace.kill()
    starting = threading.Timer(0.2, pace.start)
    starting.start()
    assert line.query("SOUR1?") == "SOUR1 0.4"
    starting.join()


def test_a_port_that_is_not_there_is_told(tmp_path, seconds):
    pytest.importorskip("serial")
    line = SerialLine(str(tmp_path / "ttyUSB9"), timeout=TIMEOUT)
    took, error = seconds(lambda: line.query("*IDN?"))
    assert took < LATEST
    assert "ttyUSB9" in str(error) and "No such file" in str(error)
    line.close()


def test_two_lines_can_not_have_one_serial_port(line_to_pace, seconds):
    line_to_pace("serial").query("*IDN?")
    _, error = seconds(lambda: line_to_pace("serial", timeout=TIMEOUT).query("*IDN?"))
    assert "exclusively lock" in str(error)


# -- one that behaves badly -----------------------------------------------------------------------------------


def test_an_answer_in_pieces_is_one_answer(rude):
    server, line = rude
    server.say.put([b"1.", 0.02, b"5\r", 0.02, b"\n"])
    assert line.query("T?") == "1.5"


def test_an_answer_without_an_end_is_none(rude, seconds):
    server, line = rude
    server.say.put([b"1.5"])
    took, error = seconds(lambda: line.query("T?", TIMEOUT))
    assert took < LATEST and isinstance(error, SilenceError)
    assert "did not answer 'T?' within 2 s; only b'1.5' came" in str(error)


def test_garbage_is_kept_for_who_can_make_sense_of_it(rude):
    server, line = rude
    counter = TextCounter("c", TextInstrument("it", line=line), "T?")
    server.say.put([b"\xff\xfe\x00junk\n"])
    with pytest.raises(DeviceError, match="^it:c: the answer to 'T\\?', .*junk', is no number"):
        counter.read()


def test_a_line_opens_and_waits_where_there_is_no_poll(rude, seconds, monkeypatch):
    server, line = rude
    monkeypatch.delattr(select, "poll")
    server.say.put([0.01, b"ye", 0.01, b"s\r\n"])
    assert line.query("well?") == "yes"
    server.say.put([])
    took, error = seconds(lambda: line.query("still?", 0.3))
    assert isinstance(error, SilenceError) and took < LATEST


def test_a_line_tells_nothing_when_devices_are_only_asked(rude, monkeypatch):
    server, line = rude
    monkeypatch.setattr(looking, "_looking", True)
    with pytest.raises(DeviceError, match=f"tcp {server.url}.write refused: this is read-only"):
        line.write("OUTP 1")
    server.say.put([b"0\r\n"])
    assert line.query("OUTP?") == "0"
    assert server.heard.get().strip() == b"OUTP?" and server.heard.empty()


def test_what_comes_unasked_is_no_answer(rude):
    server, line = rude
    sent = threading.Event()
    server.say.put([b"1\n", b"welcome\n", sent.set])
    assert line.query("T?") == "1"
    assert sent.wait(60)
    time.sleep(0.1)  # it is there by then
    server.say.put([b"2\n"])
    assert line.query("T?") == "2"
    assert any(each.answer == "welcome" and "thrown away" in each.error for each in line.trace)


def test_a_connection_that_ends_in_the_middle_of_an_answer_is_told_at_once(rude, seconds):
    server, line = rude
    server.say.put([b"1.", None])
    took, error = seconds(lambda: line.query("T?", 50.0))
    assert took < LATEST
    assert "was lost at 'T?'" in str(error)


def test_who_waits_for_his_turn_waits_no_longer_than_the_timeout(rude, seconds):
    server, line = rude
    release = threading.Event()
    server.say.put([release, b"1\n"])
    slow = threading.Thread(target=lambda: line.query("SLOW?", 30.0))
    slow.start()
    server.heard.get()
    line.timeout = 0.3
    took, error = seconds(lambda: line.query("T?"))
    assert took < LATEST
    assert "has been busy with 'SLOW?' for 0.3 s" in str(error)
    release.set()
    slow.join()
    line.timeout = 30.0
    server.say.put([b"2\n"])
    assert line.query("U?") == "2"
    assert [server.heard.get() for _ in range(server.heard.qsize())] == [b"U?\n"]  # nobody wanted T? any more


def test_ctrl_c_between_a_question_and_its_answer_leaves_no_answer_behind(rude):
    server, line = rude
    release = threading.Event()
    server.say.put([release, b"late\n"])
    server.say.put([b"2\n"])

    def press():
        server.heard.get()  # the question has been asked, and is not answered
        subprocess.run(["kill", "-INT", str(os.getpid())], check=True)

    pressing = threading.Thread(target=press)
    pressing.start()
    with pytest.raises(KeyboardInterrupt):
        line.query("T?", 30.0)
    pressing.join()
    release.set()
    assert line.query("U?") == "2"
    assert [(each.sent, each.answer) for each in line.trace][1:] == [("T?", "late"), ("U?", "2")]


def test_an_answer_that_nobody_wants_any_more_holds_others_up_for_a_while_only(rude, seconds, monkeypatch):
    server, line = rude
    monkeypatch.setattr(talk, "LONGEST_FAREWELL", 0.2)
    release = threading.Event()
    for answer in ([b"1\n"], [release], [b"2\n"]):
        server.say.put(answer)
    counter = TextCounter("t", TextInstrument("it", line=line), "T?", timeout=60.0)
    scan = obtura.loopscan(1, 0, counter, save=False, run=False)

    def leave():
        server.heard.get()  # when it was looked whether it is there
        server.heard.get()
        scan.abort()

    leaving = threading.Thread(target=leave)
    leaving.start()
    with pytest.raises(obtura.ScanAbort):
        scan.run()
    leaving.join()
    answers = []
    took, _ = seconds(lambda: answers.append(line.query("U?")))
    release.set()
    assert (took < LATEST, answers) == (True, ["2"])


def test_what_waits_for_its_turn_when_ctrl_c_comes_is_never_said(rude):
    server, line = rude
    release = threading.Event()
    server.say.put([release, b"1\n"])
    server.say.put([b"2\n"])
    slow = threading.Thread(target=lambda: line.query("SLOW?", 30.0))
    slow.start()
    server.heard.get()

    def press():
        while not line._lanes or line._lanes[""].busy is None:
            time.sleep(0.001)
        subprocess.run(["kill", "-INT", str(os.getpid())], check=True)

    pressing = threading.Thread(target=press)
    pressing.start()
    with pytest.raises(KeyboardInterrupt):
        line.write("OPEN")
    pressing.join()
    release.set()
    slow.join()
    assert line.query("U?", 20.0) == "2"
    assert [server.heard.get() for _ in range(server.heard.qsize())] == [b"U?\n"]


def test_a_slow_instrument_is_given_a_rest(rude):
    server, _ = rude
    line = TcpLine(server.url, answer_end="CR", rest=0.1)
    began = time.monotonic()
    for _ in range(3):
        server.say.put([b"1.5\r"])
        assert line.query("T?") == "1.5"
    assert time.monotonic() - began >= 0.2
    line.close()


class Nowhere(Transport):
    """An address that does not even refuse."""

    address = "nowhere"
    tries = 0

    def open(self, timeout):
        self.tries += 1
        time.sleep(timeout)
        raise TimeoutError("timed out")

    def close(self):
        pass

    def send(self, data, timeout):
        pass

    def receive(self, timeout):
        return b""


def test_what_does_not_even_refuse_holds_up_one_call_and_not_the_next(seconds):
    nowhere = Nowhere()
    line = Line(nowhere, timeout=TIMEOUT)
    took, error = seconds(lambda: line.query("T?"))
    assert took >= TIMEOUT
    assert str(error).startswith("nowhere is not connected since ") and "timed out" in str(error)
    _, error = seconds(lambda: line.query("T?"))
    assert "; tried again in " in str(error)
    assert nowhere.tries == 1
    while nowhere.tries == 1:
        time.sleep(0.05)
        seconds(lambda: line.query("T?"))
    line.close()


# -- what can't be --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("url", ["host", "host:", ":5", "host:x", "host:70000", ""])
def test_what_is_no_address_is_refused(url):
    with pytest.raises(UsageError, match="expected host:port"):
        TcpLine(url)


def test_addresses_of_all_kinds_are_known():
    assert host_and_port("tcp://pace.lab:5025") == ("pace.lab", 5025)
    assert host_and_port("[::1]:5025") == ("::1", 5025)


@pytest.mark.parametrize("end", ["", r"\n", r"\r\n"])
def test_an_end_in_words_of_c_is_refused(end):
    with pytest.raises(UsageError, match="what ends a message: LF, CR, CRLF"):
        TcpLine("host:1", end=end)


def test_a_line_that_was_not_used_leaves_nothing_behind():
    before = threading.active_count(), len(os.listdir("/proc/self/fd")) if os.path.exists("/proc/self/fd") else 0
    line = TcpLine("127.0.0.1:1")
    assert line.connection == "tcp 127.0.0.1:1, not used yet"
    line.close()
    assert before[0] == threading.active_count()


def test_a_line_that_was_closed_has_no_thread_and_no_socket_and_connects_again(line_to_pace):
    before = {thread.name for thread in threading.enumerate()}
    line = line_to_pace("tcp")
    line.query("SOUR1?")
    line.close()
    assert {thread.name for thread in threading.enumerate()} <= before
    assert "not connected" in line.connection
    assert line.query("SOUR1?") == "SOUR1 0"
