"""What the fields of a motor record mean, in words."""

from collections.abc import Iterator
from typing import NamedTuple

__all__ = ["FAULTS", "FIELDS", "HOMED", "MODES", "Status"]

FIELDS = (
    *(
        "VAL",
        "RBV",
        "DMOV",
        "MOVN",
        "STOP",
        "SPMG",
        "SET",
        "MSTA",
        "MISS",
        "LVIO",
        "HLS",
        "LLS",
        "ATHM",
        "STAT",
        "SEVR",
    ),
    *("VELO", "VBAS", "VMAX", "ACCL", "HLM", "LLM", "DHLM", "DLLM", "OFF", "DIR", "DVAL", "DRBV", "EGU"),
    *("RDBD", "MRES", "JVEL", "JOGF", "JOGR", "HOMF", "HOMR"),
)
"""The fields that are used."""

FAULTS = {
    7: ("STALLED", "slip or stall, e.g. a following error", "SLIP_STALL"),
    10: ("PROBLEM", "the driver does not poll any more, or its hardware has a problem", "PROBLEM"),
    13: ("COMM", "the controller does not answer", "COMM_ERR"),
}
"""Bits of MSTA, counted from 1 as in the record's reference: a state of that name, what it means, the bit's name."""

HOMED = 15

MODES = ("Stop", "Pause", "Move", "Go")
"""What SPMG may say."""

MAJOR = 2


class Status(NamedTuple):
    """What a motor record says of itself, read at one time, in this order: where it is at rest is asked after DMOV."""

    DMOV: float
    RBV: float
    MSTA: float
    SPMG: float
    SET: float
    LVIO: float
    MISS: float
    HLS: float
    LLS: float
    ATHM: float
    SEVR: float

    @property
    def done(self) -> bool:
        """Whether it is at rest."""
        return bool(self.DMOV)

    @property
    def mode(self) -> str:
        """What SPMG says."""
        return MODES[int(self.SPMG)] if 0 <= self.SPMG < len(MODES) else "Go"

    @property
    def held(self) -> bool:
        """Whether it moves for nobody."""
        return self.mode in ("Stop", "Pause")

    def has(self, bit: int) -> bool:
        """Whether a bit of MSTA is set, counted from 1."""
        return bool(int(self.MSTA) >> (bit - 1) & 1)

    def faults(self, pv: str) -> Iterator[str]:
        """What is wrong with its motor, each with bit and PV."""
        for bit, (_, meaning, name) in FAULTS.items():
            if self.has(bit):
                yield f"{meaning} ({name}, bit {bit} of {pv}.MSTA)"

    def obstacles(self, pv: str) -> Iterator[str]:
        """Why a move ended where it should not have: faults first, then what else the record says."""
        yield from self.faults(pv)
        if self.HLS:
            yield f"it is at its high limit switch ({pv}.HLS is 1)"
        if self.LLS:
            yield f"it is at its low limit switch ({pv}.LLS is 1)"
        if self.LVIO:
            yield f"its record refuses: out of its soft limits ({pv}.LVIO is 1)"
        if self.held:
            yield f"{pv}.SPMG is {self.mode}, so it moves for nobody until that is Go"
        if self.MISS:
            yield f"it missed its target and ran out of retries ({pv}.MISS is 1)"

    def states(self, pv: str) -> tuple[list[str | tuple[str, str]], str]:
        """The names of its states, for an `AxisState`, and why it has a fault."""
        faults = list(self.faults(pv))
        if not self.done:
            states: list[str | tuple[str, str]] = ["MOVING"]
        elif self.held:
            states = [("HELD", f"{pv}.SPMG is {self.mode}")]
        else:
            states = ["READY"]
        if faults:
            states = [state for state in states if state != "READY"] + ["FAULT"]
        states += [name for name, there in (("LIMPOS", self.HLS), ("LIMNEG", self.LLS), ("HOME", self.ATHM)) if there]
        states += [(name, meaning) for bit, (name, meaning, _) in FAULTS.items() if self.has(bit)]
        if self.LVIO:
            states.append(("LIMITVIOLATION", f"out of soft limits ({pv}.LVIO is 1)"))
        if self.MISS:
            states.append(("MISSED", f"ran out of retries ({pv}.MISS is 1)"))
        if self.SET:
            states.append(("SET", f"{pv}.SET is Set: what is put to VAL does not move it"))
        if self.SEVR >= MAJOR and not faults:
            states.append(("ALARM", f"{pv}.SEVR is MAJOR; {pv}.STAT says of what kind"))
        return states, "; ".join(faults)
