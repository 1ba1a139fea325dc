"""Who looks after what at acme: everything has somebody, but for the two gaps that the demo is there to show."""

from dataclasses import dataclass

from calendar_app.services.campaigns import edit_campaign
from collab.demo.stage import Stage
from networks.models import Channel
from teams.models import Duty, Membership
from teams.scopes import CAMPAIGN, NETWORK
from teams.services.duties import change_duty, create_duty, kind_named, name_moderator, starter_kind
from teams.services.members import change_profile
from teams.states import StarterKind

K = StarterKind


@dataclass(frozen=True, slots=True)
class Plan:
    """A duty as the demo wants it; without backups those of its owner stand in.

    `kind` is a starter kind, or the name of one of the workspace's own.
    """

    kind: str
    name: str
    hours: float
    owner: str
    backups: tuple[str, ...]
    networks: tuple[str, ...] = ()
    campaign: str = ""


DUTIES = (
    Plan(K.CONTENT, "", 9, "ben", (), ("facebook", "tiktok", "linkedin")),
    Plan(K.SCHEDULING, "Content calendar kept current", 4, "ben", ()),
    Plan(K.ENGAGEMENT, "", 20, "jun", ("ben",), ("bluesky", "mastodon", "telegram", "discord")),
    Plan(K.SERVICE, "", 22.5, "jun", ("farah",), ("instagram", "facebook")),
    Plan(K.STAKEHOLDERS, "", 12, "ana", ()),
    Plan("Brand", "Brand approvals", 10, "ana", (), ("instagram", "newsroom")),
    Plan("Brand", "Crisis statements", 3, "cleo", ()),
    Plan("Reports", "Monthly analytics report", 3, "ben", ()),
    Plan("Pictures and films", "", 18, "farah", (), ("youtube",)),
    Plan(K.STAKEHOLDERS, "Client answers, Ipoh opening", 6, "cleo", (), campaign="ipoh"),
)
PROFILES = {
    "ana": (40, ("en", "ms"), ("instagram", "facebook", "linkedin", "youtube", "newsroom")),
    "ben": (
        40,
        ("en", "zh"),
        ("instagram", "facebook", "tiktok", "linkedin", "youtube", "newsroom", "telegram"),
    ),
    "cleo": (36, ("en", "it"), ("instagram", "facebook", "linkedin", "bluesky", "newsroom")),
    "farah": (
        32,
        ("ms", "en"),
        ("instagram", "facebook", "tiktok", "youtube", "newsroom", "telegram", "discord"),
    ),
    "jun": (40, ("en", "ms", "zh"), ("instagram", "facebook", "bluesky", "mastodon", "discord")),
}
MODERATORS = {
    "instagram": "ana",
    "newsroom": "ana",
    "facebook": "ben",
    "tiktok": "ben",
    "linkedin": "ben",
    "bluesky": "jun",
    "mastodon": "jun",
    "telegram": "ben",
    "discord": "jun",
}
CAMPAIGN_OWNERS = {"ipoh": "cleo"}


def hand_out(stage: Stage) -> None:
    """Give the duties, channels and campaigns of acme to people; YouTube is left without a moderator."""
    people = {key: actor.member for key, actor in stage.people.items() if actor.member}
    for key, (hours, languages, networks) in PROFILES.items():
        change_profile(
            member=people[key],
            capacity_hours=hours,
            languages=list(languages),
            networks=list(networks),
            by=stage.owner,
        )
    for plan in DUTIES:
        _put(stage, plan, people)
    for channel in Channel.objects.order_by("position", "pk"):
        if channel.kind in MODERATORS:
            member = people[MODERATORS[channel.kind]]
            name_moderator(channel_id=channel.pk, member=member, by=stage.owner)
    for key, owner in CAMPAIGN_OWNERS.items():
        edit_campaign(campaign=stage.campaigns[key], owner=people[owner].pk, by=stage.owner)


def _put(stage: Stage, plan: Plan, people: dict[str, Membership]) -> None:
    scopes = [(NETWORK, network) for network in plan.networks]
    if plan.campaign:
        scopes.append((CAMPAIGN, str(stage.campaigns[plan.campaign].pk)))
    facts = {
        "name": plan.name,
        "scopes": scopes,
        "owner": people[plan.owner],
        "backups": [people[key] for key in plan.backups],
        "effort_minutes": round(plan.hours * 60),
    }
    starter = None
    if plan.kind in StarterKind.values and not plan.campaign:
        starter = Duty.objects.filter(kind__key=plan.kind, ended_at=None).select_related("kind").first()
    if starter is not None:
        change_duty(duty=starter, by=stage.owner, **facts)
        return
    is_starter = plan.kind in StarterKind.values
    kind = (
        starter_kind(StarterKind(plan.kind), stage.workspace.pk)
        if is_starter
        else kind_named(name=plan.kind, by=stage.owner)
    )
    create_duty(kind=kind, by=stage.owner, **facts)
