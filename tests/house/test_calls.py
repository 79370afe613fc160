"""What code may do only in certain places."""

import ast
import re

from source_tree import MODULES, Function, per_module

THE_ONE_CALLER_OF_PRESETS = "src/obtura/engine/hooks.py"
HOOKS = {"prepare", "start", "before_stop", "stop", "get_iterator"}
CALLERS_OF_DEVICES = {"engine", "scans", "session"}

ROOMS_THAT_PRINT = {"display", "session", "shell", "cli", "demo"}

# Imported inside a function: what an extra installs.
EXTRAS = {"caproto", "cv2", "pandas", "pyarrow", "pyvisa", "serial", "tango", "xarray"}
# And who may import our own modules so, with the reason.
LATE_IMPORTS = {"cli": "a command loads only what it needs, so that `obtura --help` answers at once"}


def is_a_preset(node):
    """Whether the last word of `a.b` or `a.b[0]` names a preset; one with a capital names a class of them."""
    node = node.value if isinstance(node, ast.Subscript) else node
    name = getattr(node, "attr", None) or getattr(node, "id", "")
    return "preset" in name and not name[:1].isupper()


@per_module([module for module in MODULES if module.room in CALLERS_OF_DEVICES])
def test_presets_are_called_from_one_module_only(module):
    wrong = [
        f"{module.at(node)} {ast.unparse(node)}"
        for node in module.walk(ast.Attribute)
        if node.attr in HOOKS and is_a_preset(node.value)
    ]
    assert not wrong or module.name == THE_ONE_CALLER_OF_PRESETS, (
        "There a call is written down, timed, open to Ctrl-C, and its error wrapped. "
        f"Have these hooks called by {THE_ONE_CALLER_OF_PRESETS}: {wrong}"
    )


@per_module([module for module in MODULES if module.room not in ROOMS_THAT_PRINT])
def test_only_what_talks_to_a_person_prints(module):
    wrong = [module.at(node) for node in module.walk(ast.Call) if ast.unparse(node.func) == "print"]
    assert not wrong, f"Emit an event into the record, or log, instead of printing: {wrong}"


def catches_everything(node):
    """Whether an expression names Exception or BaseException, or is absent as in a bare `except:`."""
    return node is None or bool({"Exception", "BaseException"} & set(re.findall(r"\w+", ast.unparse(node))))


def does_nothing(statement):
    is_constant = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
    return is_constant or isinstance(statement, ast.Pass | ast.Continue)


@per_module(MODULES)
def test_no_error_is_lost(module):
    handlers = list(module.walk(ast.ExceptHandler))
    wrong = [handler for handler in handlers if handler.type is None]
    wrong += [each for each in handlers if catches_everything(each.type) and all(map(does_nothing, each.body))]
    suppressing = (node for node in module.walk(ast.Call) if ast.unparse(node.func).endswith("suppress"))
    wrong += [node for node in suppressing if any(map(catches_everything, node.args))]
    places = sorted({module.at(node) for node in wrong})
    assert not wrong, f"These swallow every error: name the one expected, or log it and keep it: {places}"


def named_by(node):
    """The modules that an import statement names."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return ["." * node.level + (node.module or "")]


def imports_in_functions(module):
    """Import statements inside functions, but for a module's own `__getattr__`, whose purpose they are."""
    for function in module.walk(*Function.__args__):
        if not (function.name == "__getattr__" and function in module.tree.body):
            yield from (node for node in ast.walk(function) if isinstance(node, ast.Import | ast.ImportFrom))


@per_module([module for module in MODULES if module.room not in LATE_IMPORTS])
def test_imports_stand_at_the_top(module):
    wrong = [
        f"{module.at(node)} {name}"
        for node in imports_in_functions(module)
        for name in named_by(node)
        if name.split(".")[0] not in EXTRAS
    ]
    assert not wrong, (
        "Move these imports out of their functions. If that makes a cycle, the floors are wrong; if it is an "
        f"extra's, add it to EXTRAS; if it is slow, give a reason in LATE_IMPORTS: {wrong}"
    )
