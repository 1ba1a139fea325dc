"""The message catalogues: texts are gathered from code and templates and compiled by Babel, without system gettext."""

import io
from collections.abc import Iterator
from pathlib import Path
from tempfile import NamedTemporaryFile

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_python
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

DOMAINS = {"django": ("*.py", "*.html", "*.txt")}
SKIPPED = {
    ".venv",
    "var",
    "tests",
    "node_modules",
    "static",
    "static-collected",
    "migrations",
    "bench",
    "scripts",
}
KEYWORDS = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
}
Found = tuple[str, int, object, str | None]


def catalogue_path(root: Path, language: str) -> Path:
    """Return where a language's catalogue lies."""
    return root / "locale" / language / "LC_MESSAGES" / "django.po"


def gather(root: Path) -> Catalog:
    """Return the catalogue of all texts in the product's code and templates."""
    found = Catalog(domain="django", charset="utf-8", fuzzy=False, project="Collab", version="1")
    for path in _sources(root):
        for _line, message, context in _texts(path):
            found.add(
                message, locations=[(str(path.relative_to(root)), 1)], context=context, flags=_flags(message)
            )
    return found


def update(root: Path, language: str) -> Catalog:
    """Bring a language's catalogue up to date: new texts come in empty, texts no longer used go out."""
    path = catalogue_path(root, language)
    kept = Catalog(locale=language, domain="django", charset="utf-8", fuzzy=False)
    if path.exists():
        with path.open("rb") as file:
            kept = read_po(file, locale=language, domain="django")
    begun = kept.creation_date
    kept.update(gather(root), no_fuzzy_matching=True)
    kept.creation_date = begun  # the hour of a look is no change
    kept.obsolete.clear()
    kept.header_comment = f"# The texts of Collab in {kept.locale.english_name}." if kept.locale else ""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        write_po(file, kept, width=110, no_location=True, sort_output=True, omit_header=False)
    return kept


def compile_all(root: Path) -> list[Path]:
    """Write each catalogue's binary form beside it, whole or not at all; return what was written."""
    written = []
    for path in sorted(root.glob("locale/*/LC_MESSAGES/*.po")):
        with path.open("rb") as file:
            catalogue = read_po(file, locale=path.parts[-3])
        target = path.with_suffix(".mo")
        with NamedTemporaryFile(dir=target.parent, delete=False) as binary:
            write_mo(binary, catalogue)
        Path(binary.name).chmod(0o644)
        Path(binary.name).replace(target)
        written.append(target)
    return written


def _sources(root: Path) -> Iterator[Path]:
    for pattern in DOMAINS["django"]:
        for path in sorted(root.rglob(pattern)):
            parts = path.relative_to(root).parts
            if not SKIPPED & set(parts[:-1]) and (path.suffix == ".py" or "templates" in parts):
                yield path


def _texts(path: Path) -> Iterator[tuple[int, "str | tuple[str, ...]", str | None]]:
    source = path.read_text()
    if path.suffix != ".py":
        marked = templatize(source, origin=str(path))
        source = "\n".join(
            line.strip() for line in marked.splitlines()
        )  # what is left must tokenise as Python
    stream = io.BytesIO(source.encode())
    for line, function, messages, _comments in extract_python(stream, KEYWORDS, [], {"encoding": "utf-8"}):
        parts = [messages] if isinstance(messages, str) else list(messages)
        context = parts.pop(0) if function.startswith(("pgettext", "npgettext")) else None
        texts = [text for text in parts if text]
        if texts:
            is_plural = "ngettext" in function or "npgettext" in function
            yield line, (tuple(texts[:2]) if is_plural else texts[0]), context


def _flags(message: "str | tuple[str, ...]") -> list[str]:
    text = message if isinstance(message, str) else message[0]
    return ["python-format"] if "%(" in text else []
