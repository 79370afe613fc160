"""The computer itself as an instrument: a device that is there wherever obtura runs.

    host = Host()
    loopscan(5, 0.2, host.load, host.cpu)

What this machine does not tell is no counter; `host` says which, and why. Nothing has to be installed: it reads /proc
and /sys, elsewhere what Python knows, and psutil where that is installed already.
"""

from obtura.devices.host.host import Host

__all__ = ["Host"]
