"""Who is told of what goes on in the calendar: of a file that is taken in, whoever brought it."""

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy

from activity.models import Entry
from activity.subscriptions import subscribe
from activity.words import subject_words, verb_words
from calendar_app.importing import tally_of
from calendar_app.models import Import
from notifications.models import Notice
from notifications.registry import NoticeType, register_notice_types
from notifications.services.notices import tell

TAKEN_IN = "calendar_app.import_finished"


def tell_who_brought(entry: Entry) -> None:
    """Tell who brought a file that its rows are in."""
    source = Import.objects.select_related("member__user").filter(pk=entry.subject_id).first()
    if source is None:
        return
    tally = tally_of(source)
    facts = {"name": source.name, "taken": tally.made + tally.changed, "refused": tally.refused}
    tell([source.member], type=TAKEN_IN, entry=entry, facts=facts, is_personal=True)


def register() -> None:
    """Register the kinds of notice and the subscriptions, at start."""
    register_notice_types(
        NoticeType(
            TAKEN_IN,
            gettext_lazy("file of posts taken in"),
            _title,
            _body,
            icon="upload",
            mail=False,
            path=lambda slug, notice: reverse("calendar_app:import", args=[slug, notice.subject_id]),
        )
    )
    subject_words.register("calendar_app.import", gettext_lazy("a file of posts"))
    for verb, words in (
        ("uploaded", pgettext_lazy("activity", "uploaded")),
        ("started", pgettext_lazy("activity", "began to take in")),
        ("stopped", pgettext_lazy("activity", "stopped taking in")),
        ("finished", pgettext_lazy("activity", "took in")),
    ):
        verb_words.register(f"calendar_app.import.{verb}", words)
    subscribe("calendar_app.tell_who_brought", ["calendar_app.import.finished"], tell_who_brought)


def _title(notice: Notice) -> str:
    return _("“%(name)s” is taken in") % {"name": notice.facts["name"]}


def _body(notice: Notice) -> str:
    taken, refused = notice.facts["taken"], notice.facts["refused"]
    words = ngettext("%(n)d row came in.", "%(n)d rows came in.", taken) % {"n": taken}
    if refused:
        more = ngettext("%(n)d was refused.", "%(n)d were refused.", refused) % {"n": refused}
        return f"{words} {more}"
    return words
