"""What stands under the name of a device that is not there."""

from collections.abc import Callable
from typing import Any

from obtura.ground.errors import DeviceError

__all__ = ["Absent", "present", "with_remedy"]


class Absent:
    """Stands in for a device that did not answer: shown, it says so; used, it refuses in plain words.

    `reason`: what went wrong; `remedy`: what to type once that is mended. `again`: asks it once more when it is used,
    and gives the device, or raises `DeviceError`; the use is then one of the device.
    """

    def __init__(self, name: str, reason: str, remedy: str, again: Callable[[], Any] | None = None) -> None:
        # past our own __setattr__, which refuses
        self.__dict__.update(_name=name, _reason=reason, _remedy=remedy, _again=again)

    def __getattr__(self, attribute: str) -> Any:
        if attribute.startswith("_"):  # completion, copy, notebooks: they look whether there is one
            raise AttributeError(attribute)
        return getattr(present(self), attribute)

    def __setattr__(self, attribute: str, value: Any) -> None:
        setattr(present(self), attribute, value)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """As any other use."""
        return present(self)(*args, **kwargs)

    def __str__(self) -> str:
        values = self.__dict__
        remedy = with_remedy(values["_reason"], values["_remedy"])
        more = ", or use it: it is tried again" if values["_again"] is not None else ""
        return f"{values['_name']} is not there: {remedy}{more}"

    __repr__ = __str__
    __info__ = __str__


def with_remedy(reason: str, remedy: str) -> str:
    """Why something is not there, and what to type once it is; a reason may end with a question."""
    return f"{reason} Once it is: {remedy}" if reason.endswith(("?", ".", "!")) else f"{reason}; once it is: {remedy}"


def present(thing: Any) -> Any:
    """The thing itself; for an `Absent` the device, if it is there now. A command asks before it touches anything.

    Raises:
        DeviceError: it is still not there.
    """
    if not isinstance(thing, Absent):
        return thing
    again = thing.__dict__["_again"]
    if again is None:
        raise DeviceError(str(thing))
    return again()
