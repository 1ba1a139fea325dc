"""What Acme Kopi plans and says. Days count from the day of loading; times are wall times in Kuala Lumpur."""

import json
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class CampaignSeed:
    """A campaign by its span in days from today."""

    key: str
    name: str
    starts: int
    ends: int
    colour: str
    goal: str


@dataclass(frozen=True, slots=True)
class PostSeed:
    """A post: when, where, in which state it should stand, and what it says."""

    day: int
    time: str
    channels: str
    state: str
    title: str
    text: str
    campaign: str = ""
    picture: str = ""
    author: str = "ben"
    language: str = "en"
    label: str = ""


@dataclass(frozen=True, slots=True)
class Content:
    """All that is loaded."""

    channels: list[dict[str, str]]
    campaigns: list[CampaignSeed]
    notes: list[tuple[int, str]]
    labels: list[str]
    posts: list[PostSeed]
    ideas: list[PostSeed]


MARKS = {
    "ig": "instagram",
    "fb": "facebook",
    "tt": "tiktok",
    "li": "linkedin",
    "bs": "bluesky",
    "ma": "mastodon",
    "yt": "youtube",
    "nr": "newsroom",
}


def read_content() -> Content:
    """Read what stands in `acme.json`."""
    found = json.loads((Path(__file__).parent / "acme.json").read_text())
    return Content(
        channels=found["channels"],
        campaigns=[CampaignSeed(**row) for row in found["campaigns"]],
        notes=[(row["day"], row["text"]) for row in found["notes"]],
        labels=found["labels"],
        posts=[PostSeed(**row) for row in found["posts"]],
        ideas=[PostSeed(**{"time": "", **row}) for row in found["ideas"]],
    )
