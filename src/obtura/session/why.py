"""What the scans that run wait for: `why()`, and the key of the shell that asks the same."""

from obtura.engine.running import running

__all__ = ["say_why", "why"]


def why() -> None:
    """Print what each scan that runs in this process waits for, since when, and for whose sake.

    For a scan that runs in another thread; while one runs in the shell, Ctrl-T asks.
    """
    scans = running.scans
    print("\n".join(scan.why() for scan in scans) if scans else "no scan runs")


def say_why() -> None:
    """As `why()`, in true order with the rows of each scan; may be called in a signal handler."""
    for scan in running.scans:
        scan.say(scan.why())
