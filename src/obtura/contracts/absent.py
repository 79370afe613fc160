"""What stands under the name of a device that is not there."""

from typing import Any, NoReturn

from obtura.ground.errors import DeviceError

__all__ = ["Absent", "refuse_absent", "with_remedy"]


class Absent:
    """Stands in for a device that did not answer: shown, it says so; used, it refuses in plain words.

    `reason`: what went wrong; `remedy`: what to type once that is mended.
    """

    def __init__(self, name: str, reason: str, remedy: str) -> None:
        # past our own __setattr__, which refuses
        self.__dict__.update(_name=name, _reason=reason, _remedy=remedy)

    def __getattr__(self, attribute: str) -> NoReturn:
        if attribute.startswith("_"):  # completion, copy, notebooks: they look whether there is one
            raise AttributeError(attribute)
        raise DeviceError(str(self))

    def __setattr__(self, attribute: str, value: Any) -> NoReturn:
        raise DeviceError(str(self))

    def __call__(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Refuse, as any other use."""
        raise DeviceError(str(self))

    def __str__(self) -> str:
        values = self.__dict__
        return f"{values['_name']} is not there: {with_remedy(values['_reason'], values['_remedy'])}"

    __repr__ = __str__
    __info__ = __str__


def with_remedy(reason: str, remedy: str) -> str:
    """Why something is not there, and what to type once it is; a reason may end with a question."""
    return f"{reason} Once it is: {remedy}" if reason.endswith(("?", ".", "!")) else f"{reason}; once it is: {remedy}"


def refuse_absent(*things: object) -> None:
    """Raise `DeviceError` when one of `things` is `Absent`; a command calls it before it touches anything."""
    for thing in things:
        if isinstance(thing, Absent):
            raise DeviceError(str(thing))
