"""What reviews, queues and comments need of assets."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from approvals.changing import changing_for
from approvals.pictures import Pictured
from approvals.registry import Approvable, Contents, Description, Narrowing
from approvals.states import Changing
from comments.anchors import TEXT
from comments.marking import marked, places_in
from comments.registry import Anchorable, Body, Part, Picture, Replacement
from comments.selectors import threads_placed
from core.errors import WrongState
from core.refs import Ref
from files.selectors import get_media
from library.models import ASSET, Asset, AssetRevision
from library.permissions import SUBMIT
from library.selectors import assets_visible_to, get_asset, standing_of
from library.services.assets import ASSETS, describe_asset, submit_asset
from teams.actors import Actor
from teams.places import ids_in
from teams.subjects import Subject


@dataclass(frozen=True, slots=True)
class Pin:
    """A number on a picture, in the units of the picture's own size."""

    number: int
    x: float
    y: float
    at: float | None = None


@dataclass(frozen=True, slots=True)
class Shown:
    """A version as it looks, with what open threads are about marked."""

    revision: AssetRevision
    words: str = ""
    pins: Sequence[Pin] = field(default_factory=tuple)


def title_of(asset: Asset) -> str:
    """Return what an asset is called: the name of the file that it began with."""
    return str(asset)


def names_of_assets(by: Actor, idents: Iterable[UUID]) -> dict[UUID, str]:
    """Return what these assets are called, of those that the actor may see."""
    rows = assets_visible_to(by).filter(pk__in=list(idents)).select_related("origin")
    return {row.pk: title_of(row) for row in rows}


def describe_assets(by: Actor, idents: Sequence[UUID]) -> Mapping[UUID, Description]:
    """Return what a queue shows of assets; one statement."""
    rows = assets_visible_to(by).filter(pk__in=list(idents)).select_related("origin__created_by__user")
    return {
        row.pk: Description(
            title=title_of(row),
            author=row.origin.created_by.user.name if row.origin.created_by else "",
        )
        for row in rows
    }


def preview_asset(request: HttpRequest, ref: Ref, revision_id: UUID) -> str:
    """Return the HTML of a version: the picture or video and its description, with what comments point at."""
    revision = _revision(ref, revision_id)
    if revision is None:
        return ""
    actor = request.actor  # type: ignore[attr-defined]  # set by the middleware
    return render_to_string(
        "library/asset_preview.html", {"shown": shown_of(actor, revision)}, request=request
    )


def shown_of(by: Actor, revision: AssetRevision) -> Shown:
    """Return a version with the words and points marked that open threads are about."""
    ref = Ref(ASSET, revision.piece_id)
    threads = threads_placed(by, ref, _body(revision))
    places = places_in(threads, str(ref.id))
    width, height = revision.media.width or 100, revision.media.height or 100
    pins = [
        Pin(
            one.number,
            round((0.5 if one.place.x is None else one.place.x) * width, 1),
            round((0.5 if one.place.y is None else one.place.y) * height, 1),
            one.place.at,
        )
        for one in threads
        if one.number and one.place is not None and one.place.kind != TEXT and not one.place.is_gone
    ]
    return Shown(revision, marked(revision.alt, places) if places else "", pins)


def contents_of_assets(by: Actor, wanted: Sequence[tuple[Ref, UUID]]) -> Mapping[UUID, Contents]:
    """Return what many versions hold; one statement."""
    seen = assets_visible_to(by).filter(pk__in=[ref.id for ref, _revision in wanted])
    rows = AssetRevision.objects.filter(pk__in=[revision_id for _ref, revision_id in wanted], piece__in=seen)
    return {
        row.pk: Contents(
            {_("Description"): row.alt}, {_("File"): [Pictured(str(row.media_id), row.alt, row.media)]}
        )
        for row in rows.select_related("media")
    }


def texts_of_asset(by: Actor, ref: Ref, revision_id: UUID) -> Mapping[str, str]:
    """Return a version's description, for comparing."""
    found = contents_of_assets(by, [(ref, revision_id)]).get(revision_id)
    return found.texts if found else {}


def pictures_of_asset(by: Actor, ref: Ref, revision_id: UUID) -> Mapping[str, Sequence[Pictured]]:
    """Return a version's picture, for comparing."""
    found = contents_of_assets(by, [(ref, revision_id)]).get(revision_id)
    return found.pictures if found else {}


def assets_in_queue(by: Actor, wanted: Narrowing) -> QuerySet[Asset]:
    """Return the assets that a queue is narrowed to; none has a network, a campaign or a label."""
    rows = assets_visible_to(by)
    if wanted.networks or wanted.labels or wanted.campaigns:
        return rows.none()
    if wanted.authors:
        made = AssetRevision.objects.filter(created_by__in=wanted.authors)
        rows = rows.filter(pk__in=made.values("piece"))
    return rows


def submit_by_ref(by: Actor, ref: Ref) -> Asset:
    """Put an asset up for approval as it stands. Raises: NotFound; as submit_asset."""
    return submit_asset(media=get_asset(by, ref.id, SUBMIT).origin, by=by)


def body_of_asset(by: Actor, ref: Ref, revision_id: UUID | None) -> Body:
    """Return what comments can point at: the description and the picture."""
    asset = assets_visible_to(by).filter(pk=ref.id).first()
    if asset is None:
        return Body()
    revision = standing_of(asset) if revision_id is None else _revision(ref, revision_id)
    return _body(revision) if revision else Body()


def replace_words(by: Actor, ref: Ref, asked: Replacement, expected: int) -> int:
    """Put suggested words into the description; return the number of the version that is cut.

    Raises: NotFound; NotAllowed; Stale; WrongState where the words are gone.
    """
    asset = get_asset(by, ref.id)
    stands = standing_of(asset)
    text = stands.alt if stands else ""
    if asked.part != str(ref.id) or text[asked.start : asked.end] != asked.old:
        raise WrongState(_("The words have changed since. Nothing was replaced."), code="words_changed")
    said = text[: asked.start] + asked.new + text[asked.end :]
    media = get_media(by, asset.origin_id)
    return describe_asset(media=media, alt=said, expected_number=expected, by=by).version


def number_of_asset(ref: Ref) -> int | None:
    """Return the number of the version that stands."""
    return Asset.objects.filter(pk=ref.id).values_list("version", flat=True).first()


def against_suggesting(by: Actor, ref: Ref) -> str:
    """Return why the actor suggests no other words, "" where he may."""
    if changing_for(by, ref) == Changing.NOTHING:
        return _("You judge this now, and its workflow lets you only decide and comment.")
    return ""


def places_of_asset(asset: Asset) -> Sequence[frozenset[str]]:
    """Return the scope of an asset: itself."""
    return (frozenset({f"{ASSET}:{asset.pk}"}),)


def assets_within(scopes: frozenset[str]) -> Q:
    """Return the condition on assets that scopes name."""
    return Q(pk__in=ids_in(scopes, ASSET))


def _revision(ref: Ref, revision_id: UUID) -> AssetRevision | None:
    rows = AssetRevision.objects.filter(piece=ref.id, pk=revision_id)
    return rows.select_related("media").first()


def _body(revision: AssetRevision) -> Body:
    media = revision.media
    return Body(
        parts=[Part(str(revision.piece_id), _("Description"), revision.alt)],
        pictures=[Picture(str(media.pk), revision.alt or media.original_name, is_video=media.is_moving)],
    )


SUBJECT = Subject(
    type=ASSET,
    load=get_asset,
    label=title_of,
    path=lambda slug, ident: f"/w/{slug}/library/{ident}/",
    rows=assets_visible_to,
    labels=names_of_assets,
    is_alike=lambda _actor: True,
)
APPROVABLE = Approvable(
    type=ASSET,
    on_state=ASSETS.on_state,
    describe=describe_assets,
    preview=preview_asset,
    texts=texts_of_asset,
    pictures=pictures_of_asset,
    lock=ASSETS.lock,
    submit=submit_by_ref,
    standing=ASSETS.standing,
    parts=ASSETS.parts_of,
    hash_of=ASSETS.hash_of,
    contents=contents_of_assets,
    narrow=assets_in_queue,
    edit_path=lambda slug, ident: f"/w/{slug}/library/{ident}/",
)
ANCHORABLE = Anchorable(
    type=ASSET,
    body=body_of_asset,
    replace=replace_words,
    number=number_of_asset,
    against_suggesting=against_suggesting,
)
