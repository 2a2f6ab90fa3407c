"""Imports go one way, from the values to the command line."""

import ast
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import livevision

ROOT = Path(livevision.__file__).parent

LAYERS = [
    {"__init__"},
    {"closing", "digests", "errors", "flatbuffer", "frame", "languages", "rate", "signals", "text"},
    {
        "assets",
        "classifying",
        "files",
        "litert",
        "logs",
        "memory",
        "options",
        "pictures",
        "tflite",
        "worker",
    },
    {"plugins", "settings"},
    {"machine", "records", "truth"},
    {"stages", "sources", "sinks"},
    {"locators"},
    {"recognizers"},
    {"pipeline", "still"},
    {"evaluation", "demo", "replaying"},
    {"training"},
    {"benchmark", "server", "fleet"},
    {"commands"},
    {"__main__"},
]
LEVEL = {part: level for level, parts in enumerate(LAYERS) for part in parts}


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


ROOMS = ("commands", "evaluation", "training")
"""Rooms of a recogniser's folder that are judged by what they are, not by where they lie."""


def part(path: Path) -> str:
    return place([each.removesuffix(".py") for each in path.relative_to(ROOT).parts])


def place(names: Sequence[str]) -> str:
    """The part that a module belongs to, by its names below `livevision`."""
    if names[0] == "recognizers" and len(names) > 2 and names[2] in ROOMS:
        return names[2]
    return names[0]


def imports(path: Path) -> set[str]:
    """Full names of all modules of ours that the file imports, wherever in it."""
    names = set()
    for node in executed(tree(path)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}: relative import"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return {name for name in names if name.split(".")[0] == "livevision"}


def executed(node: ast.AST) -> Iterator[ast.AST]:
    """All nodes but those that only the type checker sees."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING":
            continue
        yield child
        yield from executed(child)


def files() -> list[Path]:
    return sorted(ROOT.rglob("*.py"))


def test_every_part_has_its_layer() -> None:
    assert {part(path) for path in files()} <= set(LEVEL)


def test_imports_go_one_way() -> None:
    wrong = []
    for path in files():
        here = part(path)
        for name in imports(path):
            there = place([*name.split("."), "__init__"][1:])
            there = there if there in LEVEL else "__init__"
            if there != here and LEVEL[there] >= LEVEL[here]:
                wrong.append(f"{path.relative_to(ROOT)} imports {name}")
    assert not wrong


def test_a_recogniser_knows_no_source_no_sink_and_no_other_recogniser() -> None:
    wrong = []
    for path in files():
        if part(path) != "recognizers" or len(path.relative_to(ROOT).parts) < 3:
            continue
        own = f"livevision.recognizers.{path.relative_to(ROOT).parts[1]}"
        for name in imports(path):
            other = name.startswith("livevision.recognizers.") and not (
                name == own or name.startswith(f"{own}.")
            )
            kind = name.removeprefix("livevision.recognizers.")
            if name.startswith(("livevision.sources", "livevision.sinks")) or (
                other and (ROOT / "recognizers" / kind.split(".")[0]).is_dir()
            ):
                wrong.append(f"{path.relative_to(ROOT)} imports {name}")
    assert not wrong


def test_only_training_imports_tensorflow() -> None:
    heavy = {"tensorflow", "keras", "sklearn", "bpy"}
    wrong = []
    for path in files():
        for node in ast.walk(tree(path)):
            names: list[str] = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module:
                names = [node.module]
            if part(path) != "training" and any(name.split(".")[0] in heavy for name in names):
                wrong.append(str(path.relative_to(ROOT)))
    assert not wrong


def modules() -> dict[str, Path]:
    """Full names of all modules, and their files."""
    found = {}
    for path in files():
        names = ["livevision", *path.relative_to(ROOT).with_suffix("").parts]
        found[".".join(names).removesuffix(".__init__")] = path
    return found


def needs(path: Path, known: Mapping[str, Path]) -> set[str]:
    """The modules of ours that a file imports.

    A manifest names what it loads, as it names its commands: that does not count.
    """
    source = tree(path)
    if path.name == "__init__.py" and "PLUGIN" in path.read_text(encoding="utf-8"):
        body = [each for each in source.body if not isinstance(each, ast.FunctionDef)]
        source = ast.Module(body, [])
    found = set()
    for node in executed(source):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                name = f"{node.module}.{alias.name}"
                found.add(name if name in known else str(node.module))
    return found & set(known)


def test_no_module_needs_itself_in_a_circle() -> None:
    known = modules()
    graph = {name: needs(path, known) - {name} for name, path in known.items()}
    try:
        tuple(TopologicalSorter(graph).static_order())
    except CycleError as error:
        pytest.fail(f"a circle of imports: {' -> '.join(error.args[1])}")
