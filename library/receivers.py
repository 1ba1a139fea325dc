"""Files that were sent to take another one's place: put there once they are prepared."""

from activity.models import Entry
from activity.subscriptions import subscribe
from files.models import Media
from library.services.assets import take_prepared


def put_in_place(entry: Entry) -> None:
    """Put a prepared file in the place for which it was sent, if it was."""
    media = Media.objects.select_related("created_by").filter(pk=entry.subject_id).first()
    if media is not None:
        take_prepared(media=media)


def register() -> None:
    """Register the subscription, at start."""
    subscribe("library.put_in_place", ["files.media.prepared"], put_in_place)
