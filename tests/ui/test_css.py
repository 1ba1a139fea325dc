"""The style sheets keep their own rules: layers, tokens, size."""

import re
from pathlib import Path

import pytest

CSS = Path(__file__).resolve().parents[2] / "static" / "css"
FILES = sorted(CSS.rglob("*.css"))
LAYERS = ["reset", "tokens", "base", "layout", "components", "pages", "utilities"]
DECLARED = re.compile(r"[\w-]+\s*:\s*([^;{}]+)[;}]")
COLOUR = re.compile(
    r"oklch\(\s*[\d.]|\brgba?\(|\bhsla?\(|#[0-9a-fA-F]{3,8}\b|(?<![-\w])(?:white|black|red|gray|grey)(?![-\w])"
)


def bare(path: Path) -> str:
    return re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.DOTALL)


def top_level(text: str) -> list[str]:
    """Return the statements and block heads that stand outside every block."""
    heads, depth, start = [], 0, 0
    for at, letter in enumerate(text):
        if letter == "{":
            if depth == 0:
                heads.append(text[start:at].strip())
            depth += 1
        elif letter == "}":
            depth -= 1
            assert depth >= 0
            start = at + 1
        elif letter == ";" and depth == 0:
            heads.append(text[start:at].strip())
            start = at + 1
    assert depth == 0
    return [head for head in heads if head]


def names(path: Path) -> str:
    return path.relative_to(CSS).as_posix()


@pytest.mark.parametrize("path", FILES, ids=names)
def test_css_has_no_important(path):
    assert "!important" not in bare(path)


@pytest.mark.parametrize("path", FILES, ids=names)
def test_css_stands_in_known_layers(path):
    heads = top_level(bare(path))
    if path.name == "app.css":
        assert heads[0] == "@layer " + ", ".join(LAYERS)
        heads = [head for head in heads[1:] if not head.startswith("@import")]
        assert heads == []
    assert [head for head in heads if head not in {f"@layer {name}" for name in LAYERS}] == []


@pytest.mark.parametrize("path", FILES, ids=names)
def test_css_takes_colours_from_tokens(path):
    if path.name == "tokens.css":
        assert COLOUR.search(bare(path))
    else:
        assert [value for value in DECLARED.findall(bare(path)) if COLOUR.search(value)] == []


@pytest.mark.parametrize("path", FILES, ids=names)
def test_css_file_stays_small(path):
    assert len(path.read_text().splitlines()) <= 250


def test_css_imports_every_file_once():
    """A sheet of its own, like the public newsroom's, is linked by a page instead."""
    imported = re.findall(r'@import url\("([^"]+)"\)', (CSS / "app.css").read_text())
    pages = "".join(page.read_text() for page in (CSS.parents[1] / "templates").rglob("*.html"))
    linked = re.findall(r"static 'css/([^']+)'|static \"css/([^\"]+)\"", pages)
    own = {first or second for first, second in linked} - {"app.css"}
    assert sorted([*imported, *own]) == sorted(names(path) for path in FILES if path.name != "app.css")


def test_css_reads_no_unknown_property():
    text = "\n".join(bare(path) for path in FILES)
    known = set(re.findall(r"(--[\w-]+)\s*:", text))
    used = set(re.findall(r"var\(\s*(--[\w-]+)\s*\)", text))
    set_by_script = {"--x", "--y"}
    assert used - known - set_by_script == set()


def test_css_themes_differ_only_by_light_dark():
    for path in FILES:
        assert "prefers-color-scheme" not in bare(path), path
