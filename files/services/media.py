"""Media: taken in, prepared by a worker, described, opened."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

import structlog
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db import connection, models
from django.utils.translation import gettext as _

from core import jobs
from core.errors import Invalid, NotFound, Permanent
from core.record import record
from core.refs import Ref
from files import imaging, probing, storage
from files.models import Media
from files.sandbox import SandboxFailed, clean_image, clean_video
from files.states import MediaKind, MediaStatus
from files.unsafe import UnsafeMedia
from teams.actors import Actor
from teams.permissions import require
from teams.tenancy import workspace_scope

log = structlog.get_logger(__name__)
TASK = "files.process_media"
MOST_ATTEMPTS = 3
ALT_MAX = 1500
ATTACHMENT_MAX_BYTES = 20 * 1024 * 1024
RESCUE_BATCH = 50


def upload_media(*, file: "UploadedFile[Any]", name: str, alt: str = "", by: Actor) -> Media:
    """Take a file in; a worker decodes it and writes it anew before anybody can see it.

    Raises: NotAllowed; Invalid (`unsafe_media`) for what is neither picture nor video, or too large.
    Records: files.media.uploaded.
    """
    require(by, "files.media.upload")
    return _take(file, name, by, settings.MEDIA_MAX_BYTES, alt=_checked_alt(alt))


def take_attachment(*, file: "UploadedFile[Any]", name: str, by: Actor) -> Media:
    """Take a file in that goes with what somebody says; the caller has seen to it that he may say it.

    Raises: Invalid (`unsafe_media`) for what is neither picture nor video, or too large. Records: files.media.uploaded.
    """
    return _take(file, name, by, ATTACHMENT_MAX_BYTES, is_attachment=True)


def _take(file: "UploadedFile[Any]", name: str, by: Actor, most: int, **fields: Any) -> Media:
    if (file.size or 0) > most:
        raise UnsafeMedia("too_large")
    kind = kind_of(file)
    media = Media(
        workspace_id=by.workspace_id,
        kind=kind,
        original_name=_short_name(name),
        bytes=file.size or 0,
        created_by=by.covered or by.member,
        incoming_key=storage.write_stream(file.chunks()),
        **fields,
    )
    media.save(force_insert=True)
    record("files.media.uploaded", by=by, subject=Ref("files.media", media.pk), kind=str(kind))
    jobs.enqueue(TASK, workspace_id=by.workspace_id, queue="media", media_id=media.pk)
    return media


def process_media(*, workspace_id: UUID, media_id: UUID) -> MediaStatus | None:
    """Prepare one upload outside any transaction; returns where it ended, or None where nothing was to do.

    May run twice at once: the first to finish wins, and what the other made is thrown away.
    Records: files.media.prepared or files.media.refused.
    """
    with workspace_scope(workspace_id):
        media = Media.objects.filter(pk=media_id, status=MediaStatus.PROCESSING).first()
        if media is None:
            return None
        Media.objects.filter(pk=media.pk).update(attempts=models.F("attempts") + 1)
    try:
        made = _prepare(media)
    except UnsafeMedia as refused:
        return _finish(media, {"status": MediaStatus.FAILED, "failure": refused.reason})
    except (SandboxFailed, OSError) as broken:
        log.warning("media_not_prepared", media=str(media.pk), error=str(broken))
        if media.attempts + 1 < MOST_ATTEMPTS:
            return None
        return _finish(media, {"status": MediaStatus.FAILED, "failure": "not_prepared"})
    return _finish(media, {"status": MediaStatus.READY, "failure": "", **made})


def rescue_media() -> int:
    """Ask again for uploads that no worker has finished within a minute."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, workspace_id FROM files_stuck(%s)", [RESCUE_BATCH])
        rows = cursor.fetchall()
    for media_id, workspace_id in rows:
        jobs.send(TASK, kwargs={"workspace_id": str(workspace_id), "media_id": str(media_id)}, queue="media")
    return 0


def describe_media(*, media: Media, alt: str, by: Actor) -> Media:
    """Set the description for people who cannot see it; revisions cut before keep theirs.

    Raises: NotAllowed; Invalid. Records: files.media.described.
    """
    require(by, "files.media.edit", media)
    media.alt = _checked_alt(alt)
    media.save(update_fields=["alt"])
    record("files.media.described", by=by, subject=Ref("files.media", media.pk))
    return media


def open_media(media: "Media | Mapping[str, Any]") -> Path:
    """Return the stored file of a row, or of a payload's entry `{id, digest}`, once its digest was compared.

    Raises: NotFound; Permanent when the bytes are not those that were approved.
    """
    if isinstance(media, Media):
        row, digest = media, media.digest
    else:
        found = Media.objects.filter(pk=media["id"], status=MediaStatus.READY).first()
        if found is None:
            raise NotFound(_("The picture or video is gone."))
        row, digest = found, str(media["digest"])
    path = storage.path_of(row.storage_key)
    if not row.storage_key or not path.is_file():
        raise NotFound(_("The picture or video is gone."))
    if row.digest != digest or storage.digest_of(path) != digest:
        raise Permanent(_("The stored file is not the one that was approved."))
    return path


def kind_of(file: "UploadedFile[Any]") -> MediaKind:
    """Tell picture from video by the first bytes; name and declared type count for nothing.

    Raises: UnsafeMedia.
    """
    file.seek(0)
    start = file.read(65536)
    file.seek(0)
    try:
        found = imaging.sniff(start)
    except UnsafeMedia as refused:
        if refused.reason != "not_media":
            raise
        probing.sniff(start)
        return MediaKind.VIDEO
    return MediaKind.GIF if found == "gif" else MediaKind.IMAGE


def _prepare(media: Media) -> dict[str, Any]:
    source = storage.path_of(media.incoming_key)
    if media.kind == MediaKind.VIDEO:
        return _prepare_video(source)
    cleaned = clean_image(source)
    picture = cleaned.picture
    return {
        "kind": picture.kind,
        "mime": picture.mime,
        "digest": picture.digest,
        "bytes": len(picture.content),
        "width": picture.width,
        "height": picture.height,
        "duration_ms": picture.duration_ms or None,
        "storage_key": storage.write_bytes(picture.content),
        "thumb_320_key": storage.write_bytes(cleaned.thumbnails[320].content),
        "thumb_1280_key": storage.write_bytes(cleaned.thumbnails[1280].content),
    }


def _prepare_video(source: Path) -> dict[str, Any]:
    key = storage.new_key()
    cleaned = clean_video(source, storage.place_for(key))
    return {
        "mime": cleaned.facts.mime,
        "digest": cleaned.digest,
        "bytes": cleaned.bytes,
        "width": cleaned.facts.width,
        "height": cleaned.facts.height,
        "duration_ms": cleaned.facts.duration_ms,
        "storage_key": key,
        "poster_key": storage.write_bytes(cleaned.poster.content),
        "thumb_320_key": storage.write_bytes(cleaned.thumbnails[320].content),
        "thumb_1280_key": storage.write_bytes(cleaned.thumbnails[1280].content),
    }


def _finish(media: Media, values: dict[str, Any]) -> MediaStatus | None:
    made = [value for name, value in values.items() if name.endswith("_key")]
    with workspace_scope(media.workspace_id):
        rows = Media.objects.filter(pk=media.pk, status=MediaStatus.PROCESSING)
        if not rows.update(**values, incoming_key=""):
            storage.remove(*made)
            return None
        status = MediaStatus(values["status"])
        verb = "files.media.prepared" if status == MediaStatus.READY else "files.media.refused"
        system = Actor.system(media.workspace_id)
        record(verb, by=system, subject=Ref("files.media", media.pk), took=media.attempts + 1)
    storage.remove(media.incoming_key)
    return status


def _checked_alt(alt: str) -> str:
    alt = alt.strip()
    if len(alt) > ALT_MAX:
        message = _("A description has at most %(most)d characters.") % {"most": ALT_MAX}
        raise Invalid(message, fields={"alt": [message]})
    return alt


def _short_name(name: str) -> str:
    cleaned = "".join(each for each in name.replace("\\", "/").rsplit("/", 1)[-1] if each.isprintable())
    return cleaned.strip()[-200:] or _("untitled")
