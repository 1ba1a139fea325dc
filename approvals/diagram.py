"""The diagram of a request's states, drawn from the table: `python -m approvals.diagram` writes it into the docs."""

from pathlib import Path

from approvals.states import REQUEST_TABLE

PAGE = Path(__file__).resolve().parent.parent / "docs" / "apps" / "approvals.md"
BEGIN, END = "<!-- states -->\n", "<!-- end of states -->"


def draw() -> str:
    """Return the table as a Mermaid state diagram."""
    lines = [f"    {step.from_} --> {step.to}: {step.verb}" for step in REQUEST_TABLE]
    return "\n".join(["```mermaid", "stateDiagram-v2", "    [*] --> open: submit", *lines, "```", ""])


def inserted(text: str) -> str:
    """Return the page with the diagram of today's table in its place."""
    before, rest = text.split(BEGIN, 1)
    return before + BEGIN + draw() + END + rest.split(END, 1)[1]


if __name__ == "__main__":
    PAGE.write_text(inserted(PAGE.read_text()))
