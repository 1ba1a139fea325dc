"""What reviews, queues and comments need of briefs."""

from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from approvals.changing import changing_for
from approvals.registry import Approvable, Contents, Description, Narrowing
from approvals.states import Changing
from calendar_app.briefs import BRIEF, Brief, BriefRevision
from calendar_app.permissions import SEE_BRIEF, SUBMIT_BRIEF
from calendar_app.services.briefs import BRIEFS, save_brief, submit_brief
from comments.marking import marked, places_in
from comments.registry import Anchorable, Body, Part, Replacement
from comments.selectors import threads_placed
from core.errors import NotFound, WrongState
from core.refs import Ref
from teams.actors import Actor
from teams.permissions import require, visible
from teams.subjects import Subject


def briefs_visible_to(by: Actor) -> QuerySet[Brief]:
    """Return the briefs that the actor may see; unordered."""
    return visible(by, SEE_BRIEF, Brief.objects.all())


def get_brief(by: Actor, pk: UUID, verb: str = SEE_BRIEF) -> Brief:
    """Return a brief for a purpose. Raises: NotFound, NotAllowed."""
    rows = briefs_visible_to(by).select_related("campaign__owner__user", "workspace")
    found = rows.filter(pk=pk).first()
    if found is None:
        raise NotFound(_("This campaign has no brief yet."))
    require(by, verb, found)
    return found


def revisions_of_brief(brief: Brief) -> QuerySet[BriefRevision]:
    """Return a brief's revisions, latest first."""
    rows = BriefRevision.objects.filter(piece=brief).select_related("created_by__user")
    return rows.order_by("-number")


def text_of(brief: Brief | None) -> str:
    """Return the words that stand, "" for none."""
    revision = BRIEFS.revision_of(brief.pk, brief.version) if brief else None
    return revision.text if isinstance(revision, BriefRevision) else ""


def describe_briefs(by: Actor, idents: Sequence[UUID]) -> Mapping[UUID, Description]:
    """Return what a queue shows of briefs; two statements."""
    rows = briefs_visible_to(by).filter(pk__in=list(idents)).select_related("campaign")
    briefs = list(rows)
    wrote = BriefRevision.objects.filter(piece__in=[row.pk for row in briefs], number=1)
    names = dict(wrote.values_list("piece", "created_by__user__name"))
    return {
        row.pk: Description(
            title=title_of(row),
            author=names.get(row.pk) or "",
            tag=row.campaign.name,
            tag_key=str(row.campaign_id),
        )
        for row in briefs
    }


def title_of(brief: Brief) -> str:
    """Return what a brief is called where it stands among other things."""
    return _("Brief: %(campaign)s") % {"campaign": brief.campaign.name}


def names_of_briefs(by: Actor, idents: Iterable[UUID]) -> dict[UUID, str]:
    """Return what these briefs are called, of those that the actor may see."""
    rows = briefs_visible_to(by).filter(pk__in=list(idents)).select_related("campaign")
    return {row.pk: title_of(row) for row in rows}


def preview_brief(request: HttpRequest, ref: Ref, revision_id: UUID) -> str:
    """Return the HTML of a revision, with the words marked that open threads are about."""
    revision = BRIEFS.revision_by_id(ref, revision_id)
    text = revision.text if isinstance(revision, BriefRevision) else ""
    actor = request.actor  # type: ignore[attr-defined]  # set by the middleware
    places = places_in(threads_placed(actor, ref, _body(ref, text)), str(ref.id))
    context = {"text": text, "words": marked(text, places) if places else None, "part": ref.id}
    return render_to_string("calendar_app/brief_preview.html", context, request=request)


def contents_of_briefs(by: Actor, wanted: Sequence[tuple[Ref, UUID]]) -> Mapping[UUID, Contents]:
    """Return what many revisions hold; one statement."""
    seen = briefs_visible_to(by).filter(pk__in=[ref.id for ref, _revision in wanted])
    rows = BriefRevision.objects.filter(pk__in=[revision_id for _ref, revision_id in wanted], piece__in=seen)
    return {row.pk: Contents({_("Brief"): row.text}, {}) for row in rows}


def texts_of_brief(by: Actor, ref: Ref, revision_id: UUID) -> Mapping[str, str]:
    """Return a revision's words, for comparing."""
    found = contents_of_briefs(by, [(ref, revision_id)]).get(revision_id)
    return found.texts if found else {}


def briefs_in_queue(by: Actor, wanted: Narrowing) -> QuerySet[Brief]:
    """Return the briefs that a queue is narrowed to; none has a network or a label."""
    rows = briefs_visible_to(by)
    if wanted.networks or wanted.labels:
        return rows.none()
    if wanted.campaigns:
        rows = rows.filter(campaign__in=wanted.campaigns)
    if wanted.authors:
        written = BriefRevision.objects.filter(created_by__in=wanted.authors)
        rows = rows.filter(pk__in=written.values("piece"))
    return rows


def submit_by_ref(by: Actor, ref: Ref) -> Brief:
    """Put a brief up for approval as it stands. Raises: NotFound; as submit_brief."""
    return submit_brief(brief=get_brief(by, ref.id, SUBMIT_BRIEF), by=by)


def body_of_brief(by: Actor, ref: Ref, revision_id: UUID | None) -> Body:
    """Return the words that comments can point at."""
    brief = briefs_visible_to(by).filter(pk=ref.id).first()
    if brief is None:
        return Body()
    revision = (
        BRIEFS.revision_of(brief.pk, brief.version)
        if revision_id is None
        else BRIEFS.revision_by_id(ref, revision_id)
    )
    return _body(ref, revision.text) if isinstance(revision, BriefRevision) else Body()


def replace_words(by: Actor, ref: Ref, asked: Replacement, expected: int) -> int:
    """Put suggested words in; return the number of the revision that is cut.

    Raises: NotFound; NotAllowed; Stale; WrongState where the words are gone.
    """
    brief = get_brief(by, ref.id)
    text = text_of(brief)
    if asked.part != str(ref.id) or text[asked.start : asked.end] != asked.old:
        raise WrongState(_("The words have changed since. Nothing was replaced."), code="words_changed")
    said = text[: asked.start] + asked.new + text[asked.end :]
    return save_brief(campaign=brief.campaign, text=said, expected_number=expected, by=by).version


def number_of_brief(ref: Ref) -> int | None:
    """Return the number of the revision that stands."""
    return Brief.objects.filter(pk=ref.id).values_list("version", flat=True).first()


def against_suggesting(by: Actor, ref: Ref) -> str:
    """Return why the actor suggests no other words, "" where he may."""
    if changing_for(by, ref) == Changing.NOTHING:
        return _("You judge this now, and its workflow lets you only decide and comment.")
    return ""


def _body(ref: Ref, text: str) -> Body:
    return Body(parts=[Part(str(ref.id), _("Brief"), text)])


SUBJECT = Subject(
    type=BRIEF,
    load=get_brief,
    label=title_of,
    path=lambda slug, ident: f"/w/{slug}/campaigns/{ident}/",
    rows=briefs_visible_to,
    labels=names_of_briefs,
    is_alike=lambda _actor: True,
)
APPROVABLE = Approvable(
    type=BRIEF,
    on_state=BRIEFS.on_state,
    describe=describe_briefs,
    preview=preview_brief,
    texts=texts_of_brief,
    lock=BRIEFS.lock,
    submit=submit_by_ref,
    standing=BRIEFS.standing,
    parts=BRIEFS.parts_of,
    hash_of=BRIEFS.hash_of,
    contents=contents_of_briefs,
    narrow=briefs_in_queue,
    edit_path=lambda slug, ident: f"/w/{slug}/campaigns/{ident}/brief/",
)
ANCHORABLE = Anchorable(
    type=BRIEF,
    body=body_of_brief,
    replace=replace_words,
    number=number_of_brief,
    against_suggesting=against_suggesting,
)
