"""Every template: nothing inline, every icon and every controller it names exists."""

import re
from pathlib import Path

import pytest

from collab.navigation import items
from core.templatetags.ui import ALIASES, NETWORKS, STATES

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
CONTROLLERS = ROOT / "static/js/controllers"
SPRITE = set(re.findall(r'<symbol id="([^"]+)"', (ROOT / "static/icons/icons.svg").read_text()))
INLINE = {
    "a style attribute": re.compile(r"<[^>]*\sstyle\s*="),
    "a style element": re.compile(r"<style\b"),
    "a script without address": re.compile(r"<script(?![^>]*\ssrc=)"),
    "an event attribute": re.compile(r"<[^>]*\son[a-z]+\s*="),
    "hx-on": re.compile(r"hx-on\b"),
    "a script address": re.compile(r"javascript:", re.IGNORECASE),
}


def page_name(path: Path) -> str:
    return path.relative_to(ROOT / "templates").as_posix()


def text_of(path: Path) -> str:
    text = re.sub(r"\{#.*?#\}", "", path.read_text())
    return re.sub(r"\{% comment %\}.*?\{% endcomment %\}", "", text, flags=re.DOTALL)


@pytest.mark.parametrize("path", TEMPLATES, ids=page_name)
def test_template_has_nothing_inline(path):
    text = text_of(path)
    assert [what for what, pattern in INLINE.items() if pattern.search(text)] == []


@pytest.mark.parametrize("path", TEMPLATES, ids=page_name)
def test_template_names_icons_that_exist(path):
    text = text_of(path)
    named = set(re.findall(r"""\{% icon ["']([\w-]+)["']""", text))
    named |= set(re.findall(r"""\bicon=["']([\w-]+)["']""", text))
    named |= set(re.findall(r"""\bicon\|default:["']([\w-]+)["']""", text))
    symbols = {f"i-{name}" for name in named} | set(re.findall(r"""sprite_url ["']([\w-]+)["']""", text))
    assert symbols - SPRITE == set()


def test_states_and_networks_have_their_signs():
    signs = {f"i-{icon}" for icon, _word in STATES.values()} | {
        f"i-{icon}" for _c, icon, _word in ALIASES.values()
    }
    assert signs - SPRITE == set()
    assert {f"net-{kind}" for kind in NETWORKS} - SPRITE == set()


def test_navigation_names_icons_that_exist():
    assert {f"i-{item.icon}" for item in items.values()} - SPRITE == set()


def controllers_of(text: str) -> set[str]:
    found = set()
    for value in re.findall(r'data-controller="([^"]+)"', text):
        found |= set(re.sub(r"\{%.*?%\}", " ", value).split())
    return {name for name in found if "{" not in name}


@pytest.mark.parametrize("path", TEMPLATES, ids=page_name)
def test_template_names_behaviour_that_exists(path):
    text = text_of(path)
    files = {file.stem.replace("_", "-"): file.read_text() for file in CONTROLLERS.glob("*.js")}
    assert controllers_of(text) - set(files) == set()
    for actions in re.findall(r'data-action="([^"]+)"', text):
        for controller, method in re.findall(r"(?:^|\s|->)([a-z-]+)#(\w+)", actions):
            assert re.search(rf"^  {method}\(", files[controller], re.MULTILINE), f"{controller}#{method}"


NEEDED = {"passkey": ("fetch(",)}


@pytest.mark.parametrize("path", sorted(CONTROLLERS.glob("*.js")), ids=lambda path: path.stem)
def test_controller_stays_small_and_evals_nothing(path):
    """No fetch where htmx can: a passkey's options are JSON, good once, and no part of a page."""
    text = path.read_text()
    assert len(text.splitlines()) <= 80
    found = re.findall(r"\beval\(|new Function|innerHTML|outerHTML|\bfetch\(", text)
    assert [word for word in found if word not in NEEDED.get(path.stem, ())] == []


def test_htmx_events_are_named_in_one_file():
    elsewhere = [path for path in CONTROLLERS.glob("*.js") if '"htmx:' in path.read_text()]
    assert elsewhere == []
