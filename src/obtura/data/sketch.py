"""What a file is to hold, noted down before it is made.

Notes are cheap, making an object with HDF5 is not; and of two scans that differ only in their number, texts and times,
the notes are the same. So they say what the structure is, and apart from it the values: see `template`.
"""

from typing import Any

from obtura.data.layout import entry_name
from obtura.data.place import Place

__all__ = ["Node", "Sketch", "Step"]

Step = tuple[Any, ...]
"""What to make: its kind, the node it belongs to, its name, and what else there is to say; see `drawing`."""


class Node:
    """A group or dataset of the file. `path`: where it is, and whether it says so itself; `members`: of a group, by
    name.
    """

    __slots__ = ("index", "members", "path", "says_where", "sketch")

    def __init__(self, sketch: "Sketch", index: int, path: str) -> None:
        self.sketch = sketch
        self.index = index
        self.path = path
        self.members: dict[str, Node | None] = {}  # None: it is in another file
        self.says_where = False

    def add(self, kind: str, name: str, *facts: Any) -> "Node":
        """Note a new member."""
        return self._put(name, (kind, self.index, name, *facts))

    def add_entry(self, branch: int) -> "Node":
        """Note the entry of a branch, whose name has the number of the scan."""
        return self._put(entry_name(self.sketch.number, branch), ("group", self.index, branch))

    def _put(self, name: str, step: Step) -> "Node":
        sketch = self.sketch
        made = Node(sketch, len(sketch.nodes), f"{self.path}/{name}")
        sketch.nodes.append(made)
        sketch.made.append(step)
        sketch.steps.append(step)
        self.members[name] = made
        return made

    def note(self, kind: str, name: str, *facts: Any) -> None:
        """Note what is no object of its own."""
        self.sketch.steps.append((kind, self.index, name, *facts))

    def has_attribute(self, name: str) -> bool:
        """Whether an attribute is noted already."""
        here = self.index, name
        return any(step[0] in ("attribute", "target") and step[1:3] == here for step in self.sketch.steps)

    def place(self) -> Place:
        """Where it is in the file: it is going to be written."""
        made = Place(self.path, made_as=self.sketch.made[self.index])
        self.sketch.places[self.index] = made
        return made


class Sketch:
    """The file of scan `number`. `values`: the bytes of each step of kind "value", by the index of its node."""

    def __init__(self, number: int = 0) -> None:
        self.number = number
        self.steps: list[Step] = []
        self.made: list[Step] = [("group", 0, "")]  # the step of each node
        self.values: dict[int, bytes] = {}
        self.places: dict[int, Place] = {}
        self.root = Node(self, 0, "")
        self.nodes = [self.root]

    def attach(self, root: Any) -> None:
        """It was made in this file, given by its root."""
        for place in self.places.values():
            place.attach(root)

    def let_go(self) -> None:
        """The file is going to be closed: close what is open of it, and know of no node any more."""
        for place in self.places.values():
            place.detach()
        self.nodes = []
        del self.root
