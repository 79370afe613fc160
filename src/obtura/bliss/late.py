"""A name of the session for a module that is imported before any session is open, as one with a class of device is."""

from collections.abc import Iterator
from typing import Any

from obtura.bliss.current import get_current_session

__all__ = ["Late"]


class Late:
    """Stands for a name of the current session: each use finds out which session that is."""

    def __init__(self, name: str) -> None:
        object.__setattr__(self, "_name", name)

    def _meant(self) -> Any:
        return get_current_session().env_dict[object.__getattribute__(self, "_name")]

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        return self._meant()(*arguments, **keywords)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._meant(), name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self._meant(), name, value)

    def __getitem__(self, key: Any) -> Any:
        return self._meant()[key]

    def __len__(self) -> int:
        return len(self._meant())

    def __iter__(self) -> Iterator[Any]:
        return iter(self._meant())

    def __instancecheck__(self, instance: object) -> bool:
        return isinstance(instance, self._meant())

    def __mro_entries__(self, bases: tuple[Any, ...]) -> tuple[Any, ...]:
        return (self._meant(),)

    def __dir__(self) -> list[str]:
        return dir(self._meant())

    def __repr__(self) -> str:
        return repr(self._meant())
