"""Imports follow the way of the data, as the table in CONTRIBUTING.md draws it."""

import ast
import re
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "pipeline"


def read_table() -> list[str]:
    """Give the folders and modules of the table, the first step first."""
    text = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    table = text.partition("| step | folder or module |")[2].partition("\n\n")[0]
    return [name.rstrip("/") for name in re.findall(r"`([\w/.]+)`", table)]


def name_module(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {name_module(path): path for path in sorted(PACKAGE.rglob("*.py"))}


def list_imports(path: Path) -> Iterator[str]:
    """Give the modules of the package that a file imports, also inside functions."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        for name in names:
            found = name if name in MODULES else name.rpartition(".")[0]
            if found in MODULES and found != "pipeline":
                yield found


IMPORTS = {name: set(list_imports(path)) - {name} for name, path in MODULES.items()}


def find_step(module: str) -> str:
    """Give the folder of a module, or its file name if it is in none."""
    name = module.split(".")[1]
    return name if (PACKAGE / name).is_dir() else f"{name}.py"


def test_the_table_names_each_folder_and_module_once() -> None:
    there = {path.name for path in PACKAGE.iterdir() if path.is_dir() or path.suffix == ".py"}
    assert sorted(read_table()) == sorted(there - {"__init__.py", "__pycache__"})


@pytest.mark.parametrize("step", read_table())
def test_a_step_imports_nothing_of_a_later_one(step: str) -> None:
    order = read_table()
    later = set(order[order.index(step) + 1 :])
    backwards = [
        f"{module} imports {imported}"
        for module in MODULES
        if module != "pipeline" and find_step(module) == step
        for imported in IMPORTS[module]
        if find_step(imported) in later
    ]
    assert backwards == []


def test_no_modules_import_each_other_in_a_circle() -> None:
    TopologicalSorter(IMPORTS).prepare()
