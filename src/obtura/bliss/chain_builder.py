"""`ChainBuilder` as modules written for BLISS use it: it can print its nodes."""

from collections.abc import Iterable

from obtura.bliss.logtools import user_print
from obtura.scans import chain_builder

__all__ = ["ChainBuilder"]


class ChainBuilder(chain_builder.ChainBuilder):
    """As obtura's, with `print_tree`."""

    def print_tree(self, nodes: Iterable[chain_builder.ChainNode] | None = None, not_ready_only: bool = True) -> None:
        """Print the controllers, of `nodes` or of all, and their counters; by default those without parameters."""
        chosen = [*self.nodes] if nodes is None else [*nodes]
        if not_ready_only:
            chosen = [node for node in self.get_nodes_not_ready() if node in chosen]
        for node in chosen:
            user_print(f"{node.controller.name}: {', '.join(counter.name for counter in node.counters)}")
