"""What the guard does in `killing`: it loads in no time, and thousands of guards are started there."""

import socket


class Tell:
    """Tells the box at `host`, `port` a line, and waits for the answer."""

    def __init__(self, host, port, line):
        self.place = host, port
        self.line = line

    def __call__(self):
        with socket.create_connection(self.place, 5.0) as box:
            box.sendall(self.line.encode() + b"\n")
            box.recv(64)
