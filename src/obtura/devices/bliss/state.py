"""A state of an axis that is put together step by step."""

from collections.abc import Collection

from obtura.devices.axis_state import AxisState
from obtura.ground.errors import DeviceError

__all__ = ["BuiltState", "finished"]


class BuiltState(AxisState):
    """`state = BuiltState(); state.create_state("PARKED", "out of the way"); state.set("PARKED")`.

    As `AxisState`, but it can be empty and can be changed. READY and MOVING exclude each other.
    """

    __slots__ = ("_own",)

    def __init__(self, *states: str | tuple[str, str]) -> None:
        self._own: dict[str, str] = {}
        self._descriptions: dict[str, str] = {}
        self.reason = ""
        self.clear()
        for state in states:
            if isinstance(state, tuple):
                self.create_state(*state)
                self.set(state[0])
            else:
                self.set(state)

    def create_state(self, name: str, description: str) -> None:
        """Know a state of one's own; it is not set by that.

        Raises:
            UsageError: not a name in capitals and a description.
        """
        AxisState((name, description))
        self._own[name] = description

    def set(self, name: str) -> None:
        """Have this state among them; READY ends MOVING, and the other way round.

        Raises:
            UsageError: the state is not known; `create_state` makes it known.
        """
        self._become({*self, name} - {{"READY": "MOVING", "MOVING": "READY"}.get(name, "")})

    def unset(self, name: str) -> None:
        """Have it no more; nothing happens when it was not."""
        self._become({*self} - {name})

    def clear(self) -> None:
        """Have none; those of one's own stay known."""
        self._become(set())

    def new(self, share_states: bool = True) -> "BuiltState":
        """An empty one, which knows the same states of one's own unless `share_states` is False."""
        state = BuiltState()
        state._own = self._own if share_states else dict(self._own)
        return state

    def _become(self, names: Collection[str]) -> None:
        if not names:
            self._descriptions, self.moving, self.ready = {}, False, False
            return
        super().__init__(*((name, self._own[name]) if name in self._own else name for name in names))

    __hash__ = None  # type: ignore[assignment]  # it changes


def finished(state: object, whose: str) -> AxisState:
    """What a controller gave as the state of an axis, as one that changes no more.

    Raises:
        DeviceError: it is no state, or an empty one.
    """
    if not isinstance(state, AxisState) or not state:
        raise DeviceError(f"{whose}: its controller's state() must give an AxisState that is not empty, gave {state!r}")
    if not isinstance(state, BuiltState):
        return state
    return AxisState(*((name, state.description(name)) if name in state._own else name for name in state))
