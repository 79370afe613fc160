"""Instruments that are asked and told in text, by TCP, a serial port or VISA: SCPI, or a language of their own.

    pace = TextInstrument("pace", tcp="192.168.1.5:5025", identify="PACE5000")
    pressure = TextCounter("pressure", pace, "SENS1?", unit="mbar")
    setpoint = TextAxis("setpoint", pace, set="SOUR1 {position}", readback="SENS1?", tolerance=0.5)
    valve = TextShutter("valve", pace, open="OUTP1 1", close="OUTP1 0", status="OUTP1?")

In YAML they are listed with the instrument. Nothing is sent before it is needed. When an instrument is lost, calls fail
within their time limit with a `DeviceError` that says what was asked of whom; once it is back they work again. TCP
needs nothing; serial ports and VISA are the extras `serial` and `visa`.

They only take orders, so axes, shutters and multiplexers are those of `obtura.devices`, with a driver that says them;
that is why this stands here, and not among the control systems, which may import nothing of this room.
"""

from obtura.devices.text.answers import AnswerError, Question
from obtura.devices.text.axis import TextAxis
from obtura.devices.text.counter import TextCounter
from obtura.devices.text.instrument import TextInstrument
from obtura.devices.text.line import Line, SerialLine, TcpLine, VisaLine
from obtura.devices.text.multiplexer import Output, TextMultiplexer
from obtura.devices.text.serial_port import SerialSettings
from obtura.devices.text.shutter import TextShutter
from obtura.devices.text.speech import Identity, Speech
from obtura.devices.text.talk import LineError, SilenceError, Talk
from obtura.devices.text.transport import Transport

__all__ = [
    "AnswerError",
    "Identity",
    "Line",
    "LineError",
    "Output",
    "Question",
    "SerialLine",
    "SerialSettings",
    "SilenceError",
    "Speech",
    "Talk",
    "TcpLine",
    "TextAxis",
    "TextCounter",
    "TextInstrument",
    "TextMultiplexer",
    "TextShutter",
    "Transport",
    "VisaLine",
]
