"""What the shell shows for a result and for an error."""

import logging
import traceback

from obtura.session.messages import is_known, told

__all__ = ["shown_error", "shown_result"]

log = logging.getLogger(__name__)


def shown_result(result: object) -> str:
    """An object's state, if it tells it (`__info__`), else its repr."""
    info = getattr(type(result), "__info__", None)
    text = str(info(result)) if info is not None else repr(result)
    log.info("= %s", text)
    return text


def shown_error(error: BaseException) -> str:
    """An error of a scan or device in a few lines; one of the user's own code with the lines that led to it.

    The traceback goes to the log.
    """
    log.error("%s", told(error), exc_info=error)
    if is_known(error) or isinstance(error, KeyboardInterrupt):
        return told(error)
    stack = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == "<stdin>"]
    if isinstance(error, SyntaxError):
        return "".join(traceback.format_exception_only(error)).rstrip()
    lines = [f"    typed line {frame.lineno}, in {frame.name}" for frame in stack if frame.name != "<module>"]
    return "\n".join([told(error), *dict.fromkeys(lines)])  # each once: a function may call itself
