"""Questions about the library."""

from collections.abc import Iterable, Mapping
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext as _

from core.errors import NotFound
from files.models import Media
from files.selectors import media_visible_to
from library.models import Asset, AssetRevision
from library.permissions import SEE
from teams.actors import Actor
from teams.permissions import require, visible


def assets_visible_to(by: Actor) -> QuerySet[Asset]:
    """Return the assets that the actor may see; unordered."""
    return visible(by, SEE, Asset.objects.all())


def get_asset(by: Actor, pk: UUID, verb: str = SEE) -> Asset:
    """Return an asset for a purpose. Raises: NotFound, NotAllowed."""
    found = assets_visible_to(by).select_related("origin", "coming", "workspace").filter(pk=pk).first()
    if found is None:
        raise NotFound(_("This picture or video was never submitted."))
    require(by, verb, found)
    return found


def library_rows(by: Actor) -> QuerySet[Media]:
    """Return the files of the library with where each stands; a later version of another one is no row of its own."""
    later = AssetRevision.objects.filter(media=OuterRef("pk")).exclude(piece=OuterRef("pk"))
    coming = Asset.objects.filter(coming=OuterRef("pk"))
    rows = media_visible_to(by).filter(~Exists(later), ~Exists(coming))
    return rows.select_related("asset", "created_by__user")


def standing_of(asset: Asset) -> AssetRevision | None:
    """Return the version that stands."""
    rows = AssetRevision.objects.filter(piece=asset, number=asset.version)
    return rows.select_related("media").first()


def versions_of(asset: Asset) -> QuerySet[AssetRevision]:
    """Return an asset's versions, latest first."""
    rows = AssetRevision.objects.filter(piece=asset).select_related("media", "created_by__user")
    return rows.order_by("-number")


def shown_in_library(rows: Iterable[Media]) -> Mapping[UUID, AssetRevision]:
    """Return the version that stands of those files that are assets, by the id of the asset; one statement."""
    numbers = {row.asset.pk: row.asset.version for row in rows if hasattr(row, "asset")}
    found = AssetRevision.objects.filter(piece__in=numbers).select_related("media")
    return {row.piece_id: row for row in found if row.number == numbers[row.piece_id]}


def assets_of_files(by: Actor, media_ids: Iterable[UUID]) -> Mapping[UUID, Asset]:
    """Return, by the id of a file, the asset of which it is the version that stands; one statement."""
    rows = AssetRevision.objects.filter(media__in=list(media_ids), piece__in=assets_visible_to(by))
    return {
        row.media_id: row.piece for row in rows.select_related("piece") if row.number == row.piece.version
    }
