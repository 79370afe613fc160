"""The links that lead out of a file, and whether there is something where they lead."""

from typing import NamedTuple

import h5py

__all__ = ["PACKED", "OutLink", "is_there", "links_out"]

PACKED = "packed"
"""The group of a packed file that holds the files it was made of; links between them are soft links into it."""


class OutLink(NamedTuple):
    """A link at `path` below a group to `target` in `file`; that is "" if it is in the same file, packed."""

    path: str
    file: str
    target: str


def links_out(group: h5py.Group) -> list[OutLink]:
    """All links below a group that lead to another file, or to what was another file before it was packed."""
    found: list[OutLink] = []

    def look(path: str, link: object) -> None:
        if isinstance(link, h5py.ExternalLink):
            found.append(OutLink(path, link.filename, link.path))
        elif isinstance(link, h5py.SoftLink) and link.path.startswith(f"/{PACKED}/"):
            found.append(OutLink(path, "", link.path))

    group.visititems_links(look)
    return found


def is_there(group: h5py.Group, link: OutLink) -> bool:
    """Whether a link leads to something that can be opened."""
    try:
        return group[link.path] is not None
    except (OSError, KeyError, RuntimeError, ValueError):
        return False
