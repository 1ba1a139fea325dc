"""`python -m collab.runtime up`."""

import sys

from collab.runtime.up import up


def main(words: list[str]) -> int:
    """Run the one command there is."""
    if words != ["up"]:
        print("usage: python -m collab.runtime up", file=sys.stderr)
        return 2
    return up()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
