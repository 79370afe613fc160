"""Path templates: `{name}` replaced by checked text.

Not `str.format`, which reaches attributes and items of what it is given (`{x.__class__}`), and nothing may
end up outside of the base directory, whatever a sample is called.
"""

import difflib
import re
from collections.abc import Iterable, Mapping

from obtura.ground.errors import UsageError

__all__ = ["close_match", "fill", "path_part"]

LONGEST = 100
"""The most bytes of one value in a path: file systems allow 255 a name."""


def close_match(name: str, known: Iterable[str]) -> str:
    """The end of an error message: the name probably meant, else those there are."""
    names = sorted(set(known))
    similar = difflib.get_close_matches(name, names, 1)
    if similar:
        return f"did you mean {similar[0]!r}?"
    return f"there are: {', '.join(names)}." if names else "there is none."


def path_part(name: str, value: str) -> str:
    """The value of field `name`, fit for a path: what has no place in a file's name becomes an underscore.

    Raises:
        UsageError: it is longer than 100 bytes.
    """
    fit = re.sub(r'[\x00-\x1f\x7f-\x9f\ud800-\udfff<>:"/\\|?*]', "_", value).strip(" ")
    fit = re.sub(r"^\.+", "_", fit).rstrip(".")
    if len(fit.encode()) > LONGEST:
        raise UsageError(f"{name} is too long for a path ({len(fit.encode())} bytes, {LONGEST} allowed): {fit[:40]}...")
    return fit


def fill(what: str, template: str, fields: Mapping[str, str]) -> str:
    """`template` with each `{name}` replaced; `what` names the template in errors.

    Raises:
        UsageError: there is no such field, or braces stand alone.
    """

    def value(match: re.Match[str]) -> str:
        name = match.group(1)
        if name not in fields:
            raise UsageError(
                f"{what} {template!r} has no field {name!r} to fill in; {close_match(name, fields)} "
                f"Add one with SCAN_SAVING.add({name!r}, default)."
            )
        return path_part(name, fields[name])

    if re.search(r"[{}]", re.sub(r"\{[^{}]*\}", "", template)):
        raise UsageError(f"{what} {template!r} has a brace without its partner")
    return re.sub(r"\{([^{}]*)\}", value, template)
