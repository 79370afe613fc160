"""What code written for gevent needs of it, on plain threads: `import gevent` gives this where gevent is not installed.

A greenlet is a thread here. It begins to run at once, and others run while it computes: what two greenlets share
needs a lock where gevent needed none. `kill` and `Timeout` reach a thread in the facade's own waits, and abort the
scan it runs; see `Timeout` for the main thread. Time is obtura's clock, so it all works on virtual time.
"""

from obtura.bliss.gevent_facade import event, lock, queue
from obtura.bliss.gevent_facade.greenlet import (
    Greenlet,
    GreenletExit,
    getcurrent,
    iwait,
    joinall,
    kill,
    killall,
    sleep,
    spawn,
    spawn_later,
    wait,
)
from obtura.bliss.gevent_facade.timeout import Timeout, with_timeout

__all__ = [
    "Greenlet",
    "GreenletExit",
    "Timeout",
    "event",
    "getcurrent",
    "iwait",
    "joinall",
    "kill",
    "killall",
    "lock",
    "queue",
    "sleep",
    "spawn",
    "spawn_later",
    "wait",
    "with_timeout",
]
