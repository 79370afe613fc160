"""What is to be done even when this process dies: a small description that another process can act on.

A device that can be reached from elsewhere says how, in a method `action_of("close")`; a preset with `safety = True`
says what leaves its device safe, in a method `safety_action()`.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from obtura.ground.errors import UsageError

__all__ = ["Reachable", "SafeAction", "UnreachableError", "action_of"]


@dataclass(frozen=True)
class SafeAction:
    """Something that another process can do: call `function` with `arguments`.

    `function`: where it is found, `"module:name"`; `arguments`: by keyword, what JSON has; `name`: what it does, for
    messages, `shutter.close`. A function is imported when the action is armed, and called when it is time. A class is
    made when the action is armed, which is the moment to connect, and the object is called when it is time. It must be
    harmless to do it twice, and quick.

    Raises:
        UsageError: it is no `module:name`, or JSON has no such arguments.
    """

    function: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    name: str = ""

    def __post_init__(self) -> None:
        module, _, function = self.function.partition(":")
        if not module or not function:
            raise UsageError(f"SafeAction: expected a function as 'module:name', got {self.function!r}")
        if module == "__main__":
            raise UsageError(f"no other process can import {function} from a script: put it into a module")
        try:
            json.dumps(dict(self.arguments))
        except (TypeError, ValueError) as error:
            raise UsageError(f"SafeAction: the arguments of {self.function} must be what JSON has: {error}") from None

    def described(self) -> dict[str, Any]:
        """Function and arguments as JSON has them."""
        return {"function": self.function, "arguments": dict(self.arguments)}


class Reachable(Protocol):
    """A device that other processes can reach, too."""

    def action_of(self, method: str) -> SafeAction:
        """How another process does what the method of this name does, when it is called without arguments.

        Raises:
            UsageError: no other process can; the message says why.
        """


class UnreachableError(UsageError):
    """No other process can do this; `name` is what it is: `shutter.close`."""

    def __init__(self, name: str, why: str) -> None:
        super().__init__(why)
        self.name = name


def action_of(device: object, method: str) -> SafeAction:
    """How another process does `device.method()`: what the device's own `action_of` says, with a name.

    Raises:
        UnreachableError (a UsageError): none can.
    """
    name = f"{getattr(device, 'name', type(device).__name__)}.{method}"
    told = getattr(device, "action_of", None)
    if not callable(told):
        raise UnreachableError(name, f"no other process can call it, a {type(device).__name__} has no action_of()")
    try:
        action = told(method)
    except UsageError as error:
        raise UnreachableError(name, str(error)) from error
    if not isinstance(action, SafeAction):
        raise UnreachableError(name, f"action_of({method!r}) must give a SafeAction, got {action!r}")
    return replace(action, name=name)
