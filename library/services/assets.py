"""Assets: begun from a file, described, replaced, submitted, withdrawn."""

from typing import Any
from uuid import UUID

from django.core.files.uploadedfile import UploadedFile
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from approvals.models import Workflow
from approvals.paths import SubmissionFacts
from approvals.pieces import PieceState
from approvals.services.pieces import PieceKind, cut_revision, lock_piece, submit_piece, withdraw_piece
from core.errors import Invalid, Locked, WrongState
from core.record import record
from files.models import Media
from files.services.media import ALT_MAX, upload_media
from files.states import MediaStatus
from library.models import ASSET, Asset, AssetRevision
from library.permissions import EDIT, SUBMIT
from library.selectors import standing_of
from teams.actors import Actor
from teams.permissions import actor_of, standing_for


def facts_of_asset(_asset: Asset, writers: frozenset[UUID]) -> SubmissionFacts:
    """Return what approval routing looks at: who made it."""
    return SubmissionFacts(authors=writers)


ASSETS = PieceKind(ASSET, Asset, AssetRevision, facts_of_asset)


@transaction.atomic
def describe_asset(*, media: Media, alt: str, expected_number: int | None = None, by: Actor) -> Asset:
    """Describe a picture or video as content; another description is another version.

    What posts carry keeps the description that was given there. Raises: NotAllowed; Invalid; Stale; Locked.
    Records: library.asset.saved.
    """
    asset = _asset_of(media, by, EDIT)
    stands = standing_of(asset)
    revision = AssetRevision(
        workspace_id=asset.workspace_id,
        piece=asset,
        media=stands.media if stands else media,
        alt=_checked(alt),
    )
    _cut(asset, revision, by, expected_number)
    return asset


@transaction.atomic
def replace_file(*, media: Media, file: "UploadedFile[Any]", name: str, by: Actor) -> Asset:
    """Send another file for an asset; it takes the place of the one that stands once it is prepared.

    Raises: NotAllowed; Invalid (`unsafe_media`); Locked; WrongState while another one is on its way.
    Records: library.asset.file_sent.
    """
    asset = _asset_of(media, by, EDIT)
    lock_piece(ASSETS, asset)
    asset.refresh_from_db(fields=["coming"])
    if asset.state == PieceState.APPROVED and asset.workspace.settings.get("lock_approved"):
        raise Locked(_("This workspace locks what is approved. Withdraw the approval first."))
    if asset.coming_id is not None and asset.coming is not None and not _has_failed(asset.coming):
        raise WrongState(_("Another file is being prepared for this already."))
    asset.coming = upload_media(file=file, name=name, by=by)
    asset.save(update_fields=["coming"])
    record("library.asset.file_sent", by=by, subject=ASSETS.ref(asset), media=str(asset.coming_id))
    return asset


@transaction.atomic
def take_prepared(*, media: Media) -> Asset | None:
    """Put a file that is prepared in the place for which it was sent, in the name of who sent it.

    Returns None where it was sent for nothing, or came already. Records: library.asset.saved.
    """
    asset = Asset.objects.select_related("workspace").filter(coming=media.pk).first()
    if asset is None or not media.is_ready:
        return None
    lock_piece(ASSETS, asset)
    if not Asset.objects.filter(pk=asset.pk, coming=media.pk).update(coming=None):
        return None
    stands = standing_of(asset)
    sender = media.created_by
    by = actor_of(sender) if sender is not None else Actor.system(asset.workspace_id)
    revision = AssetRevision(
        workspace_id=asset.workspace_id, piece=asset, media=media, alt=stands.alt if stands else media.alt
    )
    _cut(asset, revision, by)
    return asset


@transaction.atomic
def submit_asset(*, media: Media, note: str = "", workflow: Workflow | None = None, by: Actor) -> Asset:
    """Put a picture or video up for approval on its own.

    Raises: NotAllowed; Invalid while it is being prepared; otherwise as submit_piece.
    """
    asset = _asset_of(media, by, SUBMIT)
    if asset.coming_id is not None and asset.coming is not None and not _has_failed(asset.coming):
        raise WrongState(_("Another file is being prepared for this. Submit it when it is there."))
    submit_piece(kind=ASSETS, piece=asset, note=note, workflow=workflow, by=standing_for(by, SUBMIT, asset))
    return asset


def withdraw_asset(*, asset: Asset, by: Actor) -> Asset:
    """Take an asset back from review, or its approval back. Raises: NotAllowed; WrongState."""
    withdraw_piece(kind=ASSETS, piece=asset, by=by)
    return asset


def _asset_of(media: Media, by: Actor, verb: str) -> Asset:
    """Return the asset of a file, begun with its first version where there is none; the right is checked."""
    found = Asset.objects.select_related("workspace").filter(pk=media.pk).first()
    standing_for(by, verb, found or media)
    return found or _begun(media, by)


def _begun(media: Media, by: Actor) -> Asset:
    if not media.is_ready:
        raise Invalid(_("It is still being prepared. Try again in a moment."), code="not_ready")
    asset = Asset(pk=media.pk, workspace_id=media.workspace_id, origin=media)
    try:
        with transaction.atomic():
            asset.save(force_insert=True)
    except IntegrityError:
        return Asset.objects.select_related("workspace").get(pk=media.pk)
    revision = AssetRevision(workspace_id=media.workspace_id, piece=asset, media=media, alt=media.alt)
    _cut(asset, revision, _maker_of(media, by))
    return asset


def _maker_of(media: Media, by: Actor) -> Actor:
    """Return who made the first version: the uploader, so that he never approves what is his."""
    sender = media.created_by
    return actor_of(sender) if sender is not None and sender.is_active else by


def _cut(asset: Asset, revision: AssetRevision, by: Actor, expected: int | None = None) -> None:
    number = asset.version if expected is None else expected
    cut_revision(kind=ASSETS, piece=asset, revision=revision, expected_number=number, by=by)


def _has_failed(media: Media) -> bool:
    return media.status == MediaStatus.FAILED


def _checked(alt: str) -> str:
    alt = alt.strip()
    if len(alt) > ALT_MAX or "\x00" in alt:
        message = _("A description has at most %(most)d characters.") % {"most": ALT_MAX}
        raise Invalid(message, fields={"alt": [message]})
    return alt
