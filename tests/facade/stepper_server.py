"""A box of stepper motors that speaks lines over TCP: run as a program it prints its port and serves until killed.

`POS? 1`, `POS 1 200`, `VEL 1 500`, `ACC 1 900`, `GO 1 2000`, `JOG 1 -300`, `HOME 1`, `STOP 1`, `STATE? 1`, `ENC? 1`,
`POWER 1 0`, `LOG?`. An answer is one line.
"""

import socketserver
import sys
import time

HOME = 500.0


class Motor:
    def __init__(self):
        self.velocity, self.began, self.start, self.end = 1000.0, 0.0, 0.0, 0.0
        self.power = True

    def where(self):
        gone = (time.monotonic() - self.began) * self.velocity
        way = self.end - self.start
        return self.end if gone >= abs(way) else self.start + gone * (1 if way > 0 else -1)

    def set_velocity(self, velocity):
        self.start, self.began, self.velocity = self.where(), time.monotonic(), velocity

    def go(self, end):
        self.start, self.end, self.began = self.where(), end, time.monotonic()


MOTORS = {number: Motor() for number in (1, 2, 3)}
LOG = []


def answer(line):
    word, *rest = line.split()
    if word == "LOG?":
        return ";".join(LOG)
    LOG.append(line)
    motor = MOTORS[int(rest[0])]
    value = float(rest[1]) if len(rest) > 1 else 0.0
    match word:
        case "POS?" | "ENC?":
            return f"{motor.where():.6f}"
        case "POS":
            motor.start = motor.end = value
        case "VEL":
            motor.set_velocity(value)
        case "GO":
            motor.go(value)
        case "JOG":
            motor.set_velocity(abs(value))
            motor.go(1e9 if value > 0 else -1e9)
        case "HOME":
            motor.go(HOME)
        case "STOP":
            motor.go(motor.where())
        case "POWER":
            motor.power = bool(value)
        case "STATE?":
            if not motor.power:
                return "OFF"
            return "MOVING" if motor.where() != motor.end else ("HOME" if motor.end == HOME else "READY")
    return "OK"


class Client(socketserver.StreamRequestHandler):
    def handle(self):
        for line in self.rfile:
            self.wfile.write(answer(line.decode().strip()).encode() + b"\n")


if __name__ == "__main__":
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Client) as server:
        server.daemon_threads = True
        print(server.server_address[1], flush=True)
        sys.stdout.flush()
        server.serve_forever()
