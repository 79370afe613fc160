"""What is public is listed and explained."""

import ast
import re
from collections import defaultdict

from source_tree import MODULES, Function, per_module

# Assigned at the top level, yet no part of what a module offers.
INTERNAL_CALLS = {"TypeVar", "ParamSpec", "TypeVarTuple", "getLogger"}
# Decorators whose function needs no words of its own: the first definition has them.
SAID_ELSEWHERE = {"setter", "deleter", "overload", "override"}


def last_name(node):
    """`b` of `a.b`, `a.b(...)` and `a.b[...]`."""
    while isinstance(node, ast.Call | ast.Subscript):
        node = node.func if isinstance(node, ast.Call) else node.value
    return getattr(node, "attr", None) or getattr(node, "id", None)


def is_internal(name, node):
    """A constant in capitals is a figure of its module; others import it only when it is listed."""
    value = getattr(node, "value", None)
    return name.isupper() or (isinstance(value, ast.Call) and last_name(value) in INTERNAL_CALLS)


def listed(module):
    """The names in `__all__`, or None without one."""
    for name, node in module.definitions():
        if name == "__all__":
            return ast.literal_eval(node.value)
    return None


def sorted_as_ruff_does(names):
    """Constants, classes, the rest; numbers by their value. `ruff check --fix` puts them into this order."""

    def key(name):
        kind = 0 if name.isupper() else 1 if name[:1].isupper() else 2
        return kind, [(part.isdigit(), int(part) if part.isdigit() else part) for part in re.split(r"(\d+)", name)]

    return sorted(names, key=key)


def documented_methods():
    """Over the whole package, per class name: the bases' names, and the methods that have a docstring."""
    bases, methods = defaultdict(set), defaultdict(set)
    for module in MODULES:
        for cls in module.walk(ast.ClassDef):
            bases[cls.name] |= {last_name(base) for base in cls.bases}
            methods[cls.name] |= {
                node.name for node in cls.body if isinstance(node, Function) and ast.get_docstring(node)
            }
    return bases, methods


BASES, DOCUMENTED = documented_methods()


def explained_by_a_base(cls, method):
    seen, ahead = set(), {last_name(base) for base in cls.bases}
    while ahead:
        name = ahead.pop()
        if method in DOCUMENTED.get(name, ()):
            return True
        seen.add(name)
        ahead |= BASES.get(name, set()) - seen
    return False


def without_docstring(body, owner=None):
    """The public classes, functions and methods in `body` that lack one."""
    for node in body:
        if not isinstance(node, (*Function.__args__, ast.ClassDef)) or node.name.startswith("_"):
            continue
        is_method = owner is not None and isinstance(node, Function)
        excused = SAID_ELSEWHERE & {last_name(decorator) for decorator in node.decorator_list}
        if not (ast.get_docstring(node) or excused or (is_method and explained_by_a_base(owner, node.name))):
            yield node
        if isinstance(node, ast.ClassDef):
            yield from without_docstring(node.body, node)


PUBLIC_MODULES = [module for module in MODULES if module.is_public]

# Their names are found when the program runs; what they are is said by a module that lists them.
AT_RUN_TIME = {
    "src/obtura/__init__.py": "those of session/public.py, imported when first asked for",
    "src/obtura/demo/__init__.py": "those of its session",
}
LISTING = [module for module in PUBLIC_MODULES if module.name not in AT_RUN_TIME]


@per_module(LISTING)
def test_a_module_lists_its_public_names(module):
    names = listed(module)
    assert names is not None, f"{module.name} defines no __all__."
    wrong = [
        f"{module.at(node)} {name}"
        for name, node in module.definitions()
        if not (name in names or name.startswith("_") or is_internal(name, node))
    ]
    assert not wrong, f"List these in __all__, or begin their names with an underscore: {wrong}"


@per_module(LISTING)
def test_the_list_of_public_names_is_sorted(module):
    names = list(listed(module) or [])
    assert names == sorted_as_ruff_does(set(names)), f"{module.name}: run `ruff check --fix`."


@per_module(PUBLIC_MODULES)
def test_every_public_name_has_a_docstring(module):
    wrong = [f"{module.at(node)} {node.name}" for node in without_docstring(module.tree.body)]
    assert not wrong, f"Say in a docstring what these do, or begin their names with an underscore: {wrong}"
