"""How code is written here, as far as a machine can tell."""

import ast
import re
import subprocess
import sys
import tomllib

import pytest

from tests.rules.code import ROOT, Module, functions, imports, length_of, modules, packages

LONGEST_FUNCTION = 40
LONGEST_FILE = 400
LONGEST_VIEWS = 300
LONGEST_TEST = 600

LONG_FUNCTIONS: dict[str, str] = {}
"""`path:function` to the reason why it is one piece."""

LONG_FILES: dict[str, str] = {}
"""`path` to the reason why it is one file."""

HTTP = ("requests", "httpx", "urllib3", "aiohttp", "http.client", "urllib.request", "urllib.request.urlopen")
HTTP_ALLOWED = {
    "core/http": "the way out itself",
    "collab/runtime": "asks its own processes on loopback, before Django is there",
}
EXPLAINED = {"services", "selectors", "tasks"}


def of(role: str) -> list[Module]:
    return [
        module for module in modules() if module.role == role or module.name.split("/")[1:2] == [f"{role}.py"]
    ]


def test_packages_are_found():
    assert {"core", "teams", "activity", "collab"} <= set(packages())
    assert len(modules()) > 50


def test_imports_follow_the_floors():
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as lint; lint()"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-2000:]


def test_each_package_stands_on_a_floor():
    contract = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    layers = contract["contracts"][0]["layers"]
    placed = {name.strip() for layer in layers for name in re.split(r"[|:]", layer)}
    assert sorted(set(packages()) - placed) == []
    assert sorted(contract["root_packages"]) == sorted(placed)


@pytest.mark.parametrize("module", modules(), ids=lambda module: module.name)
def test_a_module_imports_nothing_that_is_banned(module: Module):
    found = []
    for name, line in imports(module):
        if name.split(".")[0] == "guardian" and module.package != "teams":
            found.append(f"{module.name}:{line} guardian is spoken to by teams.grants only")
        if name.split(".")[0] == "random":
            found.append(f"{module.name}:{line} random is no source of secrets; use core.ids or secrets")
        if name.startswith(HTTP) and not module.name.startswith(tuple(HTTP_ALLOWED)):
            found.append(f"{module.name}:{line} {name}: core.http is the only way out")
        if name.startswith("tests"):
            found.append(f"{module.name}:{line} the product does not import its tests")
    assert found == []


@pytest.mark.parametrize("module", modules(), ids=lambda module: module.name)
def test_only_the_clock_reads_the_time(module: Module):
    if module.name == "core/clock.py":
        return
    found = [
        f"{module.name}:{node.lineno}"
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in ("now", "utcnow", "today")
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id in ("datetime", "date", "timezone")
    ]
    assert found == [], "use core.clock.now"


@pytest.mark.parametrize("module", of("views") + of("api"), ids=lambda module: module.name)
def test_edges_ask_selectors_and_not_the_manager(module: Module):
    found = [
        f"{module.name}:{node.lineno}"
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Attribute)
        and node.attr in ("objects", "_base_manager", "_default_manager")
        and not (isinstance(node.value, ast.Name) and node.value.id == "self")
    ]
    assert found == [], "ask a selector; it knows who asks"


@pytest.mark.parametrize(
    "module", [module for module in modules() if module.role in EXPLAINED], ids=lambda module: module.name
)
def test_services_selectors_and_tasks_say_what_they_do(module: Module):
    public = [
        node
        for node in module.tree.body
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_")
    ]
    assert ast.get_docstring(module.tree), f"{module.name} has no docstring"
    assert [f"{module.name}:{node.name}" for node in public if not ast.get_docstring(node)] == []


@pytest.mark.parametrize("module", of("services"), ids=lambda module: module.name)
def test_services_import_at_the_top(module: Module):
    """An import inside a function hides a circle between two services."""
    late = [
        inner.lineno
        for function in functions(module)
        for inner in ast.walk(function)
        if isinstance(inner, ast.Import | ast.ImportFrom)
    ]
    assert late == []


@pytest.mark.parametrize("package", packages())
def test_a_package_says_what_it_owns(package: str):
    text = (ROOT / package / "__init__.py").read_text()
    assert ast.get_docstring(ast.parse(text))


@pytest.mark.parametrize("module", modules(), ids=lambda module: module.name)
def test_sizes_are_kept(module: Module):
    most = LONGEST_VIEWS if module.role in ("views", "api") else LONGEST_FILE
    if module.name not in LONG_FILES:
        assert module.lines <= most, f"{module.name} has {module.lines} lines"
    too_long = [
        f"{module.name}:{node.name} has {length} lines"
        for node in functions(module)
        if (length := length_of(node)) > LONGEST_FUNCTION
        and f"{module.name}:{node.name}" not in LONG_FUNCTIONS
    ]
    assert too_long == []


def test_exceptions_to_the_sizes_are_still_needed():
    long = {
        f"{module.name}:{node.name}"
        for module in modules()
        for node in functions(module)
        if length_of(node) > LONGEST_FUNCTION
    }
    assert sorted(set(LONG_FUNCTIONS) - long) == []
    files = {module.name for module in modules() if module.lines > LONGEST_VIEWS}
    assert sorted(set(LONG_FILES) - files) == []


def test_test_files_are_of_a_readable_size():
    long = {
        str(path.relative_to(ROOT)): count
        for path in (ROOT / "tests").rglob("*.py")
        if (count := path.read_text().count("\n")) > LONGEST_TEST
    }
    assert long == {}


def test_nothing_is_left_for_later():
    marks = ["TO" + "DO", "FIX" + "ME", "X" + "XX", "NotImplemented" + "Error"]
    word = re.compile(rf"\b({'|'.join(marks)})\b")
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for package in (*packages(), "tests", "templates", "static/js", "static/css", "scripts", "docs")
        for path in (ROOT / package).rglob("*")
        if path.suffix in (".py", ".html", ".js", ".css", ".md", ".txt") and "vendor" not in path.parts
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), start=1)
        if word.search(line)
    ]
    assert found == []


def test_quieted_checks_say_which_and_why():
    found = []
    for module in modules():
        for number, line in enumerate(module.path.read_text().splitlines(), start=1):
            if re.search(r"#\s*type:\s*ignore(?!\[[\w,-]+\]\s+#\s*\w)", line):
                found.append(f"{module.name}:{number}")
            if re.search(r"#\s*noqa(?!: [A-Z]+[0-9]+(, ?[A-Z]+[0-9]+)*\s+[#-]\s*\w)", line):
                found.append(f"{module.name}:{number}")
    assert found == []


def test_no_test_is_skipped_or_expected_to_fail():
    mark = re.compile(r"pytest\.(mark\.)?(skip|skipif|xfail|importorskip)\b")
    found = [
        str(path.relative_to(ROOT))
        for path in (ROOT / "tests").rglob("*.py")
        if path.name != "test_code.py" and mark.search(path.read_text())
    ]
    assert found == []
