"""A consumer that takes events down before anybody is told: what becomes of a scan in which it can't."""

from collections.abc import Callable

from obtura.contracts.consumers import Consumer
from obtura.ground.events import Event, Points, Row, unfolded

__all__ = ["witnessing"]


def witnessing(consumer: Consumer, failed: Callable[[BaseException], None]) -> Callable[[Event], bool]:
    """Calls `consumer.witness` until it fails once; then `failed` is told, and points are withheld from everybody."""
    take = consumer.witness if consumer.takes_rows else _each(consumer.witness)
    broken = False

    def witness(event: Event) -> bool:
        nonlocal broken
        if not broken:
            try:
                take(event)
                return True
            except Exception as error:  # noqa: BLE001 - the device that emitted has no part in it
                broken = True
                failed(error)
        return not isinstance(event, Points | Row)

    return witness


def _each(take: Callable[[Event], None]) -> Callable[[Event], None]:
    def one_by_one(event: Event) -> None:
        for each in unfolded((event,)):
            take(each)

    return one_by_one
