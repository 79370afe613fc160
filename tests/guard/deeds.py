"""Things for a guard to do: they leave a line in a file."""

import time


def write(path, text):
    with open(path, "a") as file:
        file.write(text + "\n")


def fail(path):
    write(path, "tried")
    raise OSError("nobody at 10.0.0.9")


def hang(path):
    write(path, "hangs")
    time.sleep(60)


class Connected:
    def __init__(self, path):
        self.path = path
        write(path, "connected")

    def __call__(self):
        write(self.path, "done")


class SlowToConnect:
    def __init__(self, path):
        time.sleep(60)
