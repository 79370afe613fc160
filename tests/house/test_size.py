"""Short files, short functions: what is longer holds two ideas."""

from source_tree import MODULES, TESTS, Function, per_module

MOST_LINES_OF_A_FILE = 400
MOST_LINES_OF_A_FUNCTION = 50

# What may be longer, and why: {"src/obtura/room/file.py": "reason"}; for a function "...file.py:name".
LONG_FILES: dict[str, str] = {}
LONG_FUNCTIONS: dict[str, str] = {}


@per_module(MODULES + TESTS)
def test_a_file_has_at_most_400_lines(module):
    lines = module.text.count("\n")
    assert lines <= MOST_LINES_OF_A_FILE or module.name in LONG_FILES, (
        f"{module.name} has {lines} lines: split it by ideas, or give a reason in LONG_FILES."
    )


def lines_of(function):
    """Its docstring included, its decorators not."""
    return function.end_lineno - function.lineno + 1


@per_module(MODULES)
def test_a_function_has_at_most_50_lines(module):
    wrong = [
        f"{module.at(function)} {function.name}: {lines_of(function)}"
        for function in module.walk(*Function.__args__)
        if lines_of(function) > MOST_LINES_OF_A_FUNCTION
        if f"{module.name}:{function.name}" not in LONG_FUNCTIONS
    ]
    assert not wrong, f"Split these, or give a reason in LONG_FUNCTIONS: {wrong}"
