"""One of each kind of thing that can be put up for approval, as people make, submit and change it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from approvals.registry import approvables
from calendar_app.briefs import BRIEF
from calendar_app.models import Campaign, Post
from calendar_app.selectors import POST, get_post
from calendar_app.services.briefs import save_brief
from calendar_app.services.campaigns import create_campaign
from calendar_app.services.posts import save_post
from core.clock import now
from core.refs import Ref
from files.models import Media
from library.models import ASSET
from library.services.assets import describe_asset
from teams.subjects import load_subject
from tests.factories.people import Cast
from tests.factories.posts import make_media, make_post


@dataclass(frozen=True)
class Kind:
    """How one kind is made and changed, and behind whose back its content can be altered in the database."""

    type: str
    make: Callable[[Cast, str, str], Any]
    save: Callable[[Cast, str, Ref, str, int], Any]
    tamper: str
    title: Callable[[str], str] = str

    def made(self, cast: Cast, by: str = "ben", words: str = "Kopi Raya is back") -> Ref:
        """Make a draft that says these words."""
        return Ref(self.type, self.make(cast, by, words).pk)

    def change(self, cast: Cast, by: str, ref: Ref, words: str, base: int | None = None) -> None:
        """Save other words, begun from the revision that stands or from an earlier one."""
        self.save(cast, by, ref, words, self.standing_number(ref) if base is None else base)

    def submitted(self, cast: Cast, by: str = "ben", words: str = "Kopi Raya is back") -> Ref:
        """Make one and put it up for approval, by the registry's own way."""
        ref = self.made(cast, by, words)
        self.submit(cast, ref, by)
        return ref

    def submit(self, cast: Cast, ref: Ref, by: str = "ben") -> None:
        """Put what stands up for approval."""
        submit = approvables.get(self.type).submit
        assert submit is not None
        submit(cast.actor(by), ref)

    def standing_number(self, ref: Ref) -> int:
        """Return the number of the revision that stands."""
        standing = approvables.get(self.type).standing
        assert standing is not None
        found = standing(ref)
        assert found is not None
        return found.revision_number

    def state(self, cast: Cast, ref: Ref) -> str:
        """Return where the thing itself says it stands."""
        return str(load_subject(cast.actor("ana"), ref).state)


def _save_post(cast: Cast, by: str, ref: Ref, words: str, base: int) -> Post:
    post = get_post(cast.actor(by), ref.id)
    return save_post(post=post, expected_number=base, text=words, confirm_unapprove=True, by=cast.actor(by))


def make_campaign(cast: Cast, name: str = "Raya", by: str = "ben") -> Campaign:
    """Make a campaign of the next three weeks."""
    today = now().date()
    return create_campaign(
        workspace=cast.acme,
        name=name,
        starts_on=today,
        ends_on=today + timedelta(days=20),
        by=cast.actor(by),
    )


def _make_brief(cast: Cast, by: str, words: str) -> Any:
    return save_brief(campaign=make_campaign(cast, by=by), text=words, expected_number=0, by=cast.actor(by))


def _save_brief(cast: Cast, by: str, ref: Ref, words: str, base: int) -> Any:
    campaign = load_subject(cast.actor(by), ref).campaign
    return save_brief(campaign=campaign, text=words, expected_number=base, by=cast.actor(by))


def _make_asset(cast: Cast, by: str, words: str) -> Any:
    media = make_media(cast, alt=words, created_by=getattr(cast, by))
    return describe_asset(media=media, alt=words, by=cast.actor(by))


def _save_asset(cast: Cast, by: str, ref: Ref, words: str, base: int) -> Any:
    media = Media.objects.get(pk=ref.id)
    return describe_asset(media=media, alt=words, expected_number=base, by=cast.actor(by))


KINDS = {
    kind.type: kind
    for kind in (
        Kind(
            POST,
            lambda cast, by, words: make_post(cast, words, by=by),
            _save_post,
            "UPDATE calendar_app_revisionvariant SET payload = jsonb_set(payload, '{text}', '\"other\"')"
            " WHERE revision_id = %s",
        ),
        Kind(
            BRIEF,
            _make_brief,
            _save_brief,
            "UPDATE calendar_app_briefrevision SET text = 'other' WHERE id = %s",
            lambda _words: "Brief: Raya",
        ),
        Kind(
            ASSET,
            _make_asset,
            _save_asset,
            "UPDATE library_assetrevision SET alt = 'other' WHERE id = %s",
            lambda _words: "kopi.webp",
        ),
    )
}
