"""A network camera, run as a program: MJPEG over HTTP. What it sees is a shutter, and which frame it is.

    python camera_server.py PORT LOG PERIOD DEPTH

A frame is exposed for PERIOD s, then waits behind DEPTH others, as in a camera that packs while it exposes the next.
LOG has a line for each: its number and when its exposure began, of `time.monotonic`. `/shutter/1` opens the shutter;
what is sent is changed by `/behave/...`: `well`, `hang` (no further frame), `rubbish` (every other picture is none),
`nothing` (an answer without a word), `late` (one after 1 s), `text`, `noise`, `404`.
"""

import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import cv2
import numpy as np

PLAIN, LONG = "/stream", "/long"
"""With the lengths of its pictures; without, and with pictures longer than a reader's buffer."""

BITS = 16
DARK, BRIGHT = 30, 220


def drawn(number, is_open, large=False):
    """A picture of 64 x 96: the number in squares on the left, the shutter's light on the right."""
    frame = np.zeros((64, 96), np.uint8)
    if large:
        frame[48:] = np.random.default_rng(number).integers(0, 255, (16, 96))
    for bit in range(BITS):
        if number >> bit & 1:
            frame[8 * (bit // 4) :, 8 * (bit % 4) :][:8, :8] = 255
    frame[:32, 48:] = BRIGHT if is_open else DARK
    return frame


def number_of(frame):
    """The number that is drawn in a picture in grey."""
    return sum(1 << bit for bit in range(BITS) if frame[8 * (bit // 4) + 4, 8 * (bit % 4) + 4] > 128)


def is_bright(frame):
    """Whether the shutter was open while it was exposed."""
    return frame[16, 72] > (DARK + BRIGHT) / 2


class Sensor(threading.Thread):
    """Exposes one frame after the other; who wants them has those that are out of the pipe."""

    def __init__(self, log, period, depth):
        super().__init__(daemon=True)
        self.log, self.period, self.depth = log, period, depth
        self.is_open, self.closed_at = False, 0.0
        self.come = threading.Condition()
        self.number, self.light = 0, False
        self.behaviour = {"well"}

    def run(self):
        pipe, number = [], 0
        with open(self.log, "a") as log:
            while True:
                number = (number + 1) % (1 << BITS)
                began, open_before = time.monotonic(), self.is_open
                print(number, began, file=log, flush=True)
                time.sleep(self.period)
                pipe.append((number, open_before and self.is_open and self.closed_at < began))
                if len(pipe) > self.depth and "hang" not in self.behaviour:
                    with self.come:
                        self.number, self.light = pipe[-1 - self.depth]
                        self.come.notify_all()


class Handler(BaseHTTPRequestHandler):
    sensor = None

    def log_message(self, *_):
        pass

    def do_GET(self):
        sensor, parts = self.sensor, self.path.strip("/").split("/")
        if parts[0] == "shutter":
            sensor.closed_at = time.monotonic() if parts[1] == "0" else sensor.closed_at
            sensor.is_open = parts[1] == "1"
        elif parts[0] == "behave":
            sensor.behaviour = set(parts[1:])
        else:
            return self.stream()
        self.answer("text/plain", b"done")

    def answer(self, kind, text=b"", status=200):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.end_headers()
        self.wfile.write(text)

    def stream(self):
        behaviour = self.sensor.behaviour
        if "late" in behaviour:
            time.sleep(1.0)
        if "nothing" in behaviour:
            time.sleep(3600)
        if "404" in behaviour:
            return self.answer("text/plain", b"no such stream", 404)
        if "text" in behaviour:
            return self.answer("text/html", b"<html>log in first</html>")
        self.answer("multipart/x-mixed-replace; boundary=frame")
        if "noise" in behaviour:
            self.wfile.write(np.random.default_rng(1).bytes(200_000))
            return
        try:
            while True:
                self.send_frame()
        except OSError:
            return

    def send_frame(self):
        sensor = self.sensor
        with sensor.come:
            sensor.come.wait()
            number, light = sensor.number, sensor.light
        is_long = self.path == LONG
        picture = cv2.imencode(".jpg", drawn(number, light, is_long))[1].tobytes()
        if "rubbish" in sensor.behaviour and number % 2:
            picture = picture[:300] + bytes(len(picture) - 300)
        length = b"" if is_long else b"Content-Length: %d\r\n" % len(picture)
        self.wfile.write(b"--frame\r\nContent-Type: image/jpeg\r\n" + length + b"\r\n" + picture + b"\r\n")


class Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True

    def handle_error(self, *_):
        pass


if __name__ == "__main__":
    port, log, period, depth = sys.argv[1:]
    Handler.sensor = Sensor(log, float(period), int(depth))
    Handler.sensor.start()
    Server(("127.0.0.1", int(port)), Handler).serve_forever()
