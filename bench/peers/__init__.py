"""Other engines that do the same work, each in a process of its own environment, in turn with obtura.

bluesky, with the simulated devices of ophyd, comes from PyPI in the versions of `requirements.lock`.

BLISS is not measured. The package is on PyPI (bliss 2.4), but no scan runs without its server beacon, and that starts a
Redis with the modules RedisJSON and RediSearch, which neither PyPI nor Debian have: "Redis server plugin not found".
"""

from bench.peers.process import Peer

__all__ = ["NOT_MEASURED", "Peer"]

NOT_MEASURED = (
    "BLISS is not measured: it installs from PyPI, but its server beacon needs Redis modules (RedisJSON, RediSearch) "
    "that neither PyPI nor Debian have"
)
