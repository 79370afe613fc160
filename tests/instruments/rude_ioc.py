"""An IOC whose PVs are not what their names promise: `python rude_ioc.py PREFIX [PV=TYPE:VALUE ...]`.

It has a camera as the simulated one, in which the PVs given are others; and two outputs of a multiplexer, whose
readbacks follow what is put after `late` s.
"""

import asyncio
import sys

import caproto
from caproto.asyncio.server import start_server

from obtura.instruments.simioc.detector import Detector

KINDS = {"text": caproto.ChannelString, "number": caproto.ChannelDouble, "array": caproto.ChannelDouble}


class Output(caproto.ChannelString):
    """Text; `back` follows."""

    def follow(self, back, late):
        self.back, self.late = back, late
        return self

    async def verify_value(self, value):
        asyncio.get_running_loop().create_task(self._follow(value))
        return value

    async def _follow(self, value):
        await asyncio.sleep(self.late.value)
        await self.back.write(value)


def served(prefix, others):
    late = caproto.ChannelDouble(value=0.0)
    back = caproto.ChannelString(value="in")
    found = Detector(lambda: 5.0).records(prefix)
    found |= {f"{prefix}late": late, f"{prefix}out:now": back}
    found[f"{prefix}out"] = Output(value="in").follow(back, late)
    found[f"{prefix}text"] = caproto.ChannelString(value="wide")
    found[f"{prefix}number"] = caproto.ChannelDouble(value=float("nan"))
    for other in others:
        pv, _, said = other.partition("=")
        kind, _, value = said.partition(":")
        found[f"{prefix}{pv}"] = KINDS[kind](value=value if kind == "text" else float(value))
    return found


if __name__ == "__main__":
    asyncio.run(start_server(served(sys.argv[1], sys.argv[2:])))
