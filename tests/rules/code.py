"""The product's own code, as the rules read it."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NOT_PACKAGES = {"tests", "bench", "scripts", "docs", "static", "templates", "locale", "var", "media"}


@dataclass(frozen=True)
class Module:
    """One Python file with its tree."""

    path: Path
    tree: ast.Module
    lines: int

    @property
    def name(self) -> str:
        """Return the path from the root, as people write it."""
        return str(self.path.relative_to(ROOT))

    @property
    def package(self) -> str:
        """Return the top-level package."""
        return self.path.relative_to(ROOT).parts[0]

    @property
    def role(self) -> str:
        """Return which part of an app this is: `views`, `services`, `models` …"""
        parts = self.path.relative_to(ROOT).with_suffix("").parts
        return parts[1] if len(parts) > 1 else parts[0]


@lru_cache(maxsize=1)
def packages() -> tuple[str, ...]:
    """Return the product's top-level packages."""
    found = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    return tuple(sorted(found - NOT_PACKAGES))


@lru_cache(maxsize=1)
def modules() -> tuple[Module, ...]:
    """Return all modules of the product but migrations."""
    return tuple(_read())


def _read() -> Iterator[Module]:
    for package in packages():
        for path in sorted((ROOT / package).rglob("*.py")):
            if "migrations" not in path.parts:
                text = path.read_text()
                yield Module(path, ast.parse(text), text.count("\n"))


def functions(module: Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Return all functions and methods of a module."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def imports(module: Module) -> Iterator[tuple[str, int]]:
    """Return the dotted names that a module imports, with their lines."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from ((f"{node.module}.{alias.name}", node.lineno) for alias in node.names)


def length_of(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Return how many lines a function's body has, its docstring not counted."""
    body = node.body[1:] if ast.get_docstring(node) and len(node.body) > 1 else node.body
    return (node.end_lineno or 0) - body[0].lineno + 1
