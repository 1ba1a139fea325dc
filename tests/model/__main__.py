"""Checks the model of a delivery: python -m tests.model [again | words of the names of some searches].

A model that held and was not changed since is not searched again, unless told to.
"""

import sys
import time

from tests.model.checking import (
    INSTALL,
    PLAN,
    differences,
    missing_programs,
    never_taken,
    search_all,
    stamp,
)


def main(words: list[str]) -> int:
    """Print a line for each search; 1 when one came out otherwise than it must, 2 when spin is missing."""
    if missing := missing_programs():
        print(f"The model needs programs that are missing here: {', '.join(missing)}. Run: {INSTALL}")
        return 2
    kept = stamp()
    if not words and kept.exists():
        print("The model held, and neither it nor the table has changed since.")
        return 0
    words = [word for word in words if word != "again"]
    plan = [run for run in PLAN if all(word in run.name for word in words)]
    began = time.monotonic()
    wrong, found = differences(), []
    for each in search_all(plan):
        found.append(each)
        verdict = "found" if each.run.fails and each.holds else "holds" if each.holds else "WRONG"
        print(f"{each.run.name:<52} {verdict:<6} {each.states:>9} states", flush=True)
        if not each.holds:
            wrong.append(f"{each.run.name}: {each.errors} errors\n{each.says}")
    wrong += never_taken(found) if not words else []
    if not wrong and not words:
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.touch()
    print("\n".join(wrong) or f"The model holds: {time.monotonic() - began:.0f} s.")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
