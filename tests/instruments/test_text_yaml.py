"""Instruments that are spoken to in text, from YAML alone; what is wrong in it; how a session shows them."""

import math
import socketserver
import threading

import pytest

from obtura.devices.text import TcpLine, TextInstrument
from obtura.ground.errors import DeviceError, UsageError
from obtura.session.config import Config, ConfigError
from obtura.session.debugging import debug

LAB = """
- name: pace
  class: TextInstrument
  tcp: {url}
  timeout: 1
  identify: PACE5000
  answer: '\\S+ (.*)'            # it repeats the question
  errors: SYST:ERR?
  initial: ["SYST:SET lab"]
  counters:
    - {{name: pressure, query: SENS1?, unit: mbar}}
    - {{name: both, query: "SENS1?;SOUR1:SLEW?", split: ;, index: 0, scale: 100, unit: Pa, policy: optional}}
    - {{name: slew, query: "SENS1?;SOUR1:SLEW?", pattern: "SLEW (.*)", timeout: 0.5, mode: LAST}}
  axes:
    - name: setpoint
      set: "SOUR1 {{position}}"
      readback: SOUR1?
      unit: mbar
      limits: [0, 100]
      tolerance: 0.01
  shutters:
    - {{name: valve, open: "OUTP1:STAT 1", close: "OUTP1:STAT 0", status: "OUTP1:STAT?", safe_action: close}}
  multiplexers:
    - name: mode
      outputs:
        slew: {{inputs: {{LIN: "SOUR1:SLEW:MODE LIN", MAX: "SOUR1:SLEW:MODE MAX"}}, status: "SOUR1:SLEW:MODE?"}}

- {{name: lab, class: Session, saving: {{base_path: ../data}}}}
"""


@pytest.fixture
def open_lab(open_lab):
    """What is opened is closed in the end, and with it the line to `pace`."""
    sessions = []

    def open_it(text):
        sessions.append(open_lab(text))
        return sessions[-1]

    yield open_it
    for session in sessions:
        it = session.env_dict["pace"]
        session.close()
        assert "pace" in session.absent or "not connected since" in it.connection


def test_all_of_it_is_there_and_works(open_lab, pace):
    session = open_lab(LAB.format(url=pace.url))
    names = session.env_dict
    setpoint, valve = names["setpoint"], names["valve"]
    scan = session.bench.ascan(setpoint, 0, 1, 1, 0.01, names["pace"], run=False)
    scan.acq_chain.add_preset(names["ShutterPreset"](valve, per_point=True))
    scan.run()
    assert pace.told() == [
        "SYST:SET lab",
        *["SOUR1 0.0", "OUTP1:STAT 1", "OUTP1:STAT 0", "SOUR1 1.0", "OUTP1:STAT 1", "OUTP1:STAT 0"],
    ]
    assert all(34 < value < 36 for value in scan.get_data("pressure"))
    assert all(3400 < value < 3600 for value in scan.get_data("both"))
    assert list(scan.get_data("slew")) == [2.0, 2.0]
    names["mode"].switch("slew", "MAX")
    assert names["mode"].connections == {"slew": "MAX"}
    assert "slew = MAX  (of LIN, MAX)" in names["mode"].__info__()


def test_words_of_the_session_tell_how_it_is_connected(open_lab, pace, capsys):
    session = open_lab(LAB.format(url=pace.url))
    session.env_dict["pressure"].read()
    capsys.readouterr()
    session.env_dict["lscnt"]()
    _, _, *rows = capsys.readouterr().out.splitlines()
    assert [row.split()[0] for row in rows] == ["pace:both", "pace:pressure", "pace:slew"]
    assert all(f"tcp {pace.url}, connected since " in row for row in rows)
    session.env_dict["lsmot"]()
    assert f"tcp {pace.url}, connected since " in capsys.readouterr().out
    session.env_dict["sta"]()
    assert "READY" in capsys.readouterr().out
    told = session.env_dict["pace"].__info__().splitlines()
    assert told[0].startswith(f"TextInstrument pace: tcp {pace.url}, connected since ")
    assert told[1] == "  it is: *IDN GE Druck,PACE5000,10388796,DK0367  v02.02.14"
    assert "shutter valve: CLOSED" in session.env_dict["valve"].__info__()
    assert "SENS1?: tcp" in session.env_dict["pressure"].__info__()


def test_debug_shows_what_was_said(open_lab, pace, capsys):
    session = open_lab(LAB.format(url=pace.url))
    pressure = session.env_dict["pressure"]
    unused = TcpLine("host:1")
    debug(unused)
    assert capsys.readouterr().out == "tcp host:1, not used yet\nnothing was said yet\n"
    pressure.read()
    session.env_dict["debug"](session.env_dict["pace"], 2)
    connection, before, last = capsys.readouterr().out.splitlines()
    assert connection.startswith(f"tcp {pace.url}, connected since ")
    assert " ms  'OUTP1:STAT?' -> 'OUTP1:STAT 0'" in before  # when the session was opened
    assert " ms  'SENS1?' -> 'SENS1 3" in last
    for name in ("setpoint", "valve", "mode"):
        assert session.env_dict[name].trace == session.env_dict["pace"].trace


@pytest.mark.parametrize("wrong", [(object(),), (5,), ("pace",), (None, 0)])
def test_debug_of_what_keeps_no_trace_is_refused(wrong):
    with pytest.raises(UsageError, match="^debug: "):
        debug(*wrong)


def test_one_that_is_down_does_not_stop_the_session_and_is_met_once_it_is_there(open_lab, pace, capsys):
    pace.kill()
    session = open_lab(LAB.format(url=pace.url).replace("timeout: 1", "timeout: 0.2"))
    said = capsys.readouterr().err
    assert f"pace is not there: tcp {pace.url} is not connected since " in said
    assert "is it switched on, and the address right? Once it is: session.retry('pace')" in said
    with pytest.raises(DeviceError, match="setpoint is not there: "):
        session.bench.ascan(session.env_dict["setpoint"], 0, 1, 1, 0.01, session.env_dict["pressure"])
    pace.start()
    for name in session.absent:
        session.retry(name)
    assert session.absent == {}
    session.bench.ascan(session.env_dict["setpoint"], 0, 1, 1, 0.01, session.env_dict["pressure"])
    assert pace.told()[:2] == ["SYST:SET lab", "SOUR1 0.0"]


def test_of_one_that_is_lost_the_words_of_the_session_tell(open_lab, pace, capsys):
    session = open_lab(LAB.format(url=pace.url).replace("timeout: 1", "timeout: 0.2"))
    names = session.env_dict
    pace.kill()
    capsys.readouterr()
    names["wa"]()
    said = capsys.readouterr().out
    assert "!ERR" in said and f"setpoint: tcp {pace.url} is not connected since " in said
    names["sta"]()
    told = capsys.readouterr().out
    assert "connection" in told.splitlines()[0]
    for name, kind in {"pace": "TextInstrument", "valve": "TextShutter", "mode": "TextMultiplexer"}.items():
        (line,) = [line for line in told.splitlines() if line.startswith(f"{name} ")]
        assert kind in line and f"tcp {pace.url}, not connected since " in line and "refused" in line
    names["sta"](names["setpoint"])
    assert "valve" not in capsys.readouterr().out
    names["lscnt"]()
    assert "not connected since " in capsys.readouterr().out
    told = names["pace"].__info__()
    assert f"TextInstrument pace: tcp {pace.url}, not connected since " in told
    assert f"last error: tcp {pace.url} is not connected since " in told
    assert "shutter valve: UNKNOWN (valve.state: tcp" in names["valve"].__info__()
    assert "multiplexer mode: mode.slew: tcp" in names["mode"].__info__()
    pace.start()
    session.bench.ascan(names["setpoint"], 0, 1, 1, 0.01, names["pressure"])


def test_two_instruments_share_a_line(lab, pace):
    config = Config.load(
        lab(f"""
- {{name: bus, class: TcpLine, url: "{pace.url}", timeout: 1}}
- {{name: one, class: TextInstrument, line: $bus, counters: [{{name: a, query: SENS1?, index: 1}}]}}
- {{name: two, class: TextInstrument, line: $bus, counters: [{{name: b, query: SOUR1:SLEW?, index: 1}}]}}
""")
    )
    assert 34 < config.get("a").read() < 36
    assert config.get("b").read() == 2.0
    config.get("bus").close()


def test_a_serial_port_has_settings(lab, pace):
    pytest.importorskip("serial")
    text = f"""
- name: it
  class: TextInstrument
  serial: {{port: {pace.tty}, baudrate: 19200, parity: E, stopbits: 1}}
  counters: [{{name: a, query: SENS1?, pattern: 'SENS1 (.*)'}}]
"""
    config = Config.load(lab(text))
    assert config.get("it").line._talk.transport.settings.baudrate == 19200
    assert 34 < config.get("a").read() < 36
    config.get("it").line.close()


IT = "- name: it\n  class: TextInstrument\n  tcp: host:1\n"
MISTAKES = {
    IT + "  serial: /dev/ttyS0\n": "4:11: it: serial: it is reached by tcp already",
    IT.replace(
        "host:1", ""
    ): "3:3: it: tcp: nothing is written there; one of them is needed: tcp: host:port, serial: PORT",
    "- {name: it, class: TextInstrument}\n": "1:3: it: one of them is needed: tcp: host:port, serial: PORT, visa: RESO",
    IT
    + "  counters: [{name: c, query: A?, policy: maybe}]\n": "4:43: c: policy: expected a policy: 'required', 'optio",
    IT.replace("host:1", "host"): "3:8: it: tcp: expected host:port, got 'host'",
    IT + "  end: \\n\n": "4:8: it: end: expected what ends a message: LF, CR, CRLF, LFCR, NUL, or the characters in",
    IT + "  identify: '('\n": "4:13: it: identify: '(' is no regular expression: missing ), unterminated subpattern",
    IT + "  identify: {pattern: '('}\n": "4:13: it: identify: pattern: '(' is no regular expression",
    IT + "  encoding: utf9\n": "4:13: it: encoding: expected an encoding, as utf-8, ascii or latin-1, got 'utf9'",
    IT + "  counters: [{name: c, query: A, as_text: yes, mode: STATS}]\n": "4:54: c: mode: has no meaning for texts",
    IT + "  no_error: '['\n": "4:13: it: no_error: '[' is no regular expression",
    IT + "  timeout: 0\n": "4:12: it: timeout: expected a number greater than 0, got '0'",
    IT + "  timeuot: 1\n": "4:3: it: TextInstrument has no 'timeuot': did you mean 'timeout'?",
    IT.replace("tcp: host:1", "serial: {port: /dev/ttyS0, parity: X}"): "3:38: it: serial.parity: expected one of N, E",
    IT + "  counters: [{name: c}]\n": "4:14: c: 'query' is missing: TextCounter needs it (text)",
    IT + "  counters: [{name: c, query: A?, scale: 0}]\n": "4:42: c: scale: must not be 0",
    IT + "  counters: [{name: c, query: A?, offset: inf}]\n": "4:43: c: offset: must be finite",
    IT + "  counters: [{name: c, query: A?, split: ','}]\n": "4:42: c: split: say which item, by index: 0 is the first",
    IT + "  counters: [{name: c, query: A?, pattern: '(a)(b)'}]\n": "4:44: c: pattern: '(a)(b)' has several groups",
    IT + "  axes: [{name: m, set: SET, readback: A?}]\n": "4:25: m: set: 'SET' has no {position} in it",
    IT + "  axes: [{name: m, set: 'SET {x}', readback: A?}]\n": "4:25: m: set: 'SET {x}' can't be filled in: KeyError",
    IT + "  axes: [{name: m, set: 'S {position}', readback: {query: A?, split: ;}}]\n": "4:51: m: readback: split: say",
    IT
    + "  axes: [{name: m, set: 'S {position}', readback: A?, limits: [2, 1]}]\n": "4:63: m: limits: the low limit 2 is",
    IT + "  shutters: [{name: s, open: A, close: A}]\n": "4:40: s: close: is the same command as open",
    IT + "  shutters: [{name: s, open: A, close: B, open_answer: '*'}]\n": "4:56: s: open_answer: '*' is no regular",
    IT
    + "  multiplexers: [{name: x, outputs: {o: {inputs: {a: A}, answers: {b: 1}}}}]\n": "x: outputs.o: answers: there",
    IT + "  multiplexers: [{name: x, outputs: {}}]\n": "4:37: x: outputs: there is none",
}


@pytest.mark.parametrize(
    ("text", "told"), MISTAKES.items(), ids=[each.partition(": ")[2] for each in MISTAKES.values()]
)
def test_a_mistake_is_told_with_its_place(lab, text, told):
    with pytest.raises(ConfigError) as caught:
        Config.load(lab(text))
    (problem,) = caught.value.problems
    assert told in str(problem), str(problem)


def test_one_that_can_not_be_reached_at_all_is_told_when_it_is_made():
    with pytest.raises(UsageError, match="say how to reach it, by one of tcp: host:port, serial: PORT"):
        TextInstrument("it")


class Mute(socketserver.StreamRequestHandler):
    """Listens, and says nothing."""

    def handle(self):
        for _ in self.rfile:
            continue


def test_of_one_that_is_mute_one_line_is_told_with_all_that_is_listed_with_it(open_lab, served, capsys):
    counters = ", ".join(f"{{name: c{number}, query: A?}}" for number in range(8))
    session = open_lab(f"""
- name: pace
  class: TextInstrument
  tcp: {served(Mute)}
  timeout: 0.2
  identify: PACE
  counters: [{counters}]
  axes: [{{name: ax, set: "S {{position}}", readback: R?}}]
- {{name: lab, class: Session}}
""")
    (said,) = capsys.readouterr().err.splitlines()
    assert "pace is not there: tcp " in said and "did not answer '*IDN?' within 0.2 s; once it is: session.r" in said
    assert said.endswith("; nor is what is listed with it: c0, c1, c2, c3, c4, c5, c6, c7, ax")
    assert len(session.absent) == 10
    with pytest.raises(DeviceError, match=r"^ax is not there: tcp .* did not answer .*session.retry"):
        session.env_dict["ax"].move(1)


class Deaf(socketserver.StreamRequestHandler):
    """Knows who it is and B?, and nothing else."""

    def handle(self):
        for line in self.rfile:
            answer = {b"*IDN?": b"PACE", b"B?": b"1.5"}.get(line.strip(), b"ERR")
            self.wfile.write(answer + b"\n")


@pytest.fixture
def served():
    """Serve by a handler; gives the address."""
    servers = []

    def serve(handler):
        servers.append(server := socketserver.ThreadingTCPServer(("127.0.0.1", 0), handler))
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=[0.01]).start()
        return f"127.0.0.1:{server.server_address[1]}"

    yield serve
    for server in servers:
        server.shutdown()
        server.server_close()


def test_one_bad_counter_does_not_take_the_instrument_away(open_lab, served, capsys):
    session = open_lab(f"""
- name: pace
  class: TextInstrument
  tcp: {served(Deaf)}
  identify: PACE
  counters:
    - {{name: good, query: B?}}
    - {{name: opt, query: A?, policy: optional}}
    - {{name: bad, query: A?}}
- {{name: lab, class: Session}}
""")
    names = session.env_dict
    assert list(session.absent) == ["bad"]
    assert "bad is not there: pace:bad: the answer to 'A?', 'ERR', is no number" in capsys.readouterr().err
    scan = session.bench.loopscan(2, 0.01, names["good"], names["opt"], save=False)
    assert list(scan.get_data("good")) == [1.5, 1.5]
    assert all(map(math.isnan, scan.get_data("opt")))
    assert "pace:opt dropped out" in capsys.readouterr().err
    names["pace"].check()
    with pytest.raises(DeviceError, match="pace:bad: the answer to 'A\\?', 'ERR', is no number"):
        names["pace"].counters["bad"].check()
