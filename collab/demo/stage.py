"""What the stories play on: the workspace with its people, channels, campaigns, labels and pictures."""

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import holidays
from django.core.files.uploadedfile import SimpleUploadedFile

from calendar_app.models import Campaign, Label
from calendar_app.services.campaigns import create_campaign, labels_named
from calendar_app.services.days import add_key_date, add_slot, write_note
from calendar_app.times import moment_at
from collab.demo import pictures
from collab.demo.content import MARKS, Content
from core.errors import Permanent
from files.services.media import process_media, upload_media
from files.states import MediaStatus
from networks.models import Channel
from networks.services.channels import make_sample_channel
from teams.actors import Actor
from teams.models import Workspace

REACH = timedelta(days=31)
HOLIDAYS_OF = {"acme": ("MY", "KUL")}


@dataclass
class Stage:
    """A workspace at the instant of loading."""

    workspace: Workspace
    start: datetime
    people: dict[str, Actor]
    owner: Actor
    writer: Actor
    approver: Actor | None
    channels: dict[str, Channel] = field(default_factory=dict)
    campaigns: dict[str, Campaign] = field(default_factory=dict)
    labels: dict[str, Label] = field(default_factory=dict)
    media: dict[str, UUID] = field(default_factory=dict)

    @property
    def today(self) -> date:
        """Return the day of loading as the workspace's wall calendar shows it."""
        return self.start.astimezone(ZoneInfo(self.workspace.timezone)).date()

    def at(self, day: int, wall: time) -> datetime:
        """Return the instant of a wall time so many days from today."""
        naive = datetime.combine(self.today + timedelta(days=day), wall)
        return moment_at(naive, self.workspace.timezone).instant


def furnish(stage: Stage, content: Content) -> None:
    """Put channels, campaigns, notes, holidays, labels, usual times and pictures in place."""
    for row in content.channels:
        make_sample_channel(workspace=stage.workspace, by=stage.owner, **row)
    kinds = {channel.kind: channel for channel in Channel.objects.all()}
    stage.channels = {mark: kinds[kind] for mark, kind in MARKS.items() if kind in kinds}
    stage.labels = {label.name: label for label in labels_named(names=content.labels, by=stage.writer)}
    for seed in content.campaigns:
        stage.campaigns[seed.key] = create_campaign(
            workspace=stage.workspace,
            name=seed.name,
            starts_on=stage.today + timedelta(days=seed.starts),
            ends_on=stage.today + timedelta(days=seed.ends),
            colour=seed.colour,
            goal=seed.goal,
            owner=stage.writer.member_id,
            by=stage.writer,
        )
    for slot in content.slots:
        add_slot(
            workspace=stage.workspace,
            channel=stage.channels[slot.channel].pk,
            weekday=slot.weekday,
            wall_time=slot.time,
            by=stage.writer,
        )
    _mark_days(stage, content)
    for name in sorted({seed.picture for seed in content.posts if seed.picture}):
        stage.media[name] = _picture(stage, name)


def _mark_days(stage: Stage, content: Content) -> None:
    for day, text in content.notes:
        on_date = stage.today + timedelta(days=day)
        write_note(workspace=stage.workspace, on_date=on_date, text=text, by=stage.writer)
    place = HOLIDAYS_OF.get(stage.workspace.slug)
    if place is None:
        return
    first, last = stage.today - REACH, stage.today + REACH
    known = holidays.country_holidays(
        place[0], subdiv=place[1], years=range(first.year, last.year + 1), language="en_US"
    )
    for on_date, name in sorted(known.items()):
        if first <= on_date <= last:
            add_key_date(workspace=stage.workspace, on_date=on_date, name=name, by=stage.writer)


def _picture(stage: Stage, name: str) -> UUID:
    """Upload a picture of our own drawing and prepare it as a worker would."""
    file = SimpleUploadedFile(f"{name}.png", pictures.draw(name), "image/png")
    media = upload_media(file=file, name=file.name or name, alt=pictures.ALT[name], by=stage.writer)
    found = process_media(workspace_id=stage.workspace.pk, media_id=media.pk)
    if found != MediaStatus.READY:
        raise Permanent(f"the demo's picture {name!r} could not be prepared")
    return media.pk
