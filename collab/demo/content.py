"""What Acme Kopi plans and says. Days count from the day of loading; times are wall times of the workspace's zone."""

import json
from dataclasses import dataclass
from datetime import time
from pathlib import Path
from typing import Any


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
class SlotSeed:
    """A usual time of a channel; weekday 0 is Monday."""

    channel: str
    weekday: int
    time: time


@dataclass(frozen=True, slots=True)
class PostSeed:
    """A post: when, where, in which state it should stand, what it says, and what was said about it.

    `was` is the first wording, for which the approver asked for changes with `note`; a post that stays there has
    the note alone. `minutes` counts from the loading and stands in place of day and time.
    """

    title: str
    text: str
    channels: str
    state: str
    day: int = 0
    time: str = ""
    minutes: int = 0
    campaign: str = ""
    picture: str = ""
    author: str = "ben"
    language: str = "en"
    label: str = ""
    was: str = ""
    note: str = ""
    remarks: tuple[tuple[str, str], ...] = ()

    @property
    def marks(self) -> list[str]:
        """Return the channels in the order of their tabs."""
        return self.channels.split()


@dataclass(frozen=True, slots=True)
class Content:
    """All that is loaded into one workspace."""

    channels: list[dict[str, str]]
    campaigns: list[CampaignSeed]
    notes: list[tuple[int, str]]
    labels: list[str]
    slots: list[SlotSeed]
    posts: list[PostSeed]


MARKS = {
    "ig": "instagram",
    "fb": "facebook",
    "tt": "tiktok",
    "li": "linkedin",
    "bs": "bluesky",
    "ma": "mastodon",
    "yt": "youtube",
    "tg": "telegram",
    "dc": "discord",
    "nr": "newsroom",
}


def read_content(slug: str) -> Content:
    """Read what stands in the workspace's file."""
    found = json.loads((Path(__file__).parent / f"{slug}.json").read_text())
    soon = [found["soon"]] if found["soon"] else []
    return Content(
        channels=found["channels"],
        campaigns=[CampaignSeed(**row) for row in found["campaigns"]],
        notes=[(row["day"], row["text"]) for row in found["notes"]],
        labels=found["labels"],
        slots=[SlotSeed(**{**row, "time": time.fromisoformat(row["time"])}) for row in found["slots"]],
        posts=[_post(row) for row in [*found["posts"], *soon, *found["ideas"]]],
    )


def _post(row: dict[str, Any]) -> PostSeed:
    remarks = tuple((who, text) for who, text in row.pop("remarks", ()))
    return PostSeed(**row, remarks=remarks)
