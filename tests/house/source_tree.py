"""The package's modules as syntax trees, for the tests of the house rules: nothing is imported or run."""

import ast
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "obtura"

Function = ast.FunctionDef | ast.AsyncFunctionDef


class Module:
    """One source file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.name = path.relative_to(ROOT).as_posix()

    @cached_property
    def text(self) -> str:
        return self.path.read_text(encoding="utf-8")

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text, self.name)

    @property
    def room(self) -> str:
        """The folder or file just below the package: "engine", "cli"."""
        return self.path.relative_to(PACKAGE).parts[0].removesuffix(".py")

    @property
    def is_public(self) -> bool:
        """No part of its path begins with an underscore; `__init__` is as public as its folder."""
        parts = self.path.relative_to(PACKAGE).with_suffix("").parts
        return not any(part.startswith("_") for part in parts if part != "__init__")

    def walk(self, *kinds: type[ast.AST]) -> Iterator[ast.AST]:
        """All nodes of these kinds, at any depth."""
        return (node for node in ast.walk(self.tree) if isinstance(node, kinds))

    def at(self, node: ast.AST) -> str:
        """Where a node is, as editors and terminals understand it."""
        return f"{self.name}:{node.lineno}"

    def definitions(self) -> Iterator[tuple[str, ast.AST]]:
        """Names defined at the top level, also under an `if` or in a `try`; imported ones are not."""
        return _definitions(self.tree.body)


def _definitions(body: list[ast.stmt]) -> Iterator[tuple[str, ast.AST]]:
    for node in body:
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield name, node
            case ast.AnnAssign(target=ast.Name(id=name)):
                yield name, node
            case ast.Assign():
                names = (each for target in node.targets for each in ast.walk(target))
                yield from ((each.id, node) for each in names if isinstance(each, ast.Name))
            case ast.If() | ast.Try() | ast.With():
                for part in ("body", "orelse", "finalbody"):
                    yield from _definitions(getattr(node, part, []))
                for handler in getattr(node, "handlers", []):
                    yield from _definitions(handler.body)


def _modules(folder: Path) -> list[Module]:
    return [Module(path) for path in sorted(folder.rglob("*.py"))]


MODULES = _modules(PACKAGE)
TESTS = _modules(ROOT / "tests")


def per_module(modules: list[Module]) -> pytest.MarkDecorator:
    """Run a test once per module, so that a failure names the file."""
    return pytest.mark.parametrize("module", modules, ids=lambda module: module.name)
