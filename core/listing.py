"""How texts list things."""

from collections.abc import Sequence


def listed(names: Sequence[object], last: str) -> str:
    """Return names as a sentence lists them, the last one after a word: `a, b and c`.

    Django's own catalogue in Malay leaves no space after the comma.
    """
    words = [str(name) for name in names]
    return f"{', '.join(words[:-1])} {last} {words[-1]}" if len(words) > 1 else "".join(words)
