"""Who is told of a round: whom it asks, once more who has not answered, and who may see the results."""

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from activity.models import Entry
from activity.subscriptions import subscribe
from activity.words import verb_words
from notifications.models import Notice
from notifications.registry import NoticeType, register_notice_types
from notifications.services.notices import tell
from surveys.models import Round
from surveys.permissions import ANSWER
from surveys.states import Readers
from teams.models import Membership
from teams.permissions import verbs_of
from teams.states import MemberStatus

OPENED, REMINDED, CLOSED = "surveys.opened", "surveys.reminded", "surveys.closed"


def ask_invited(entry: Entry) -> None:
    """Tell those who have not answered that they are asked; nobody is told in another's place."""
    round_ = Round.objects.select_related("survey").filter(pk=entry.subject_id).first()
    if round_ is None or not round_.is_open:
        return
    kind = REMINDED if entry.verb.endswith("reminded") else OPENED
    waiting = round_.invitees.filter(has_answered=False).values("member")
    rows = Membership.objects.filter(status=MemberStatus.ACTIVE, pk__in=waiting)
    people = [member for member in rows.select_related("user", "role") if ANSWER in verbs_of(member.role)]
    facts = {"title": round_.survey.title, "anonymous": round_.is_anonymous}
    tell(people, type=kind, entry=entry, facts=facts, is_personal=True)


def tell_results(entry: Entry) -> None:
    """Tell who asked, and those for whom the results are, that a round is closed."""
    round_ = Round.objects.select_related("survey").filter(pk=entry.subject_id).first()
    if round_ is None:
        return
    readers = {round_.created_by_id}
    if round_.readers == Readers.ASKED:
        readers |= set(round_.invitees.values_list("member_id", flat=True))
    people = Membership.objects.filter(status=MemberStatus.ACTIVE, pk__in=readers).select_related("user")
    tell(people, type=CLOSED, entry=entry, facts={"title": round_.survey.title}, is_personal=True)


def register() -> None:
    """Register the kinds of notice and the subscriptions, at start."""
    register_notice_types(
        NoticeType(OPENED, gettext_lazy("asked in a survey"), _asked, _how, icon="forms", path=_answer_path),
        NoticeType(
            REMINDED, gettext_lazy("survey not answered"), _reminded, _how, icon="forms", path=_answer_path
        ),
        NoticeType(
            CLOSED,
            gettext_lazy("results of a survey"),
            _closed,
            _nothing,
            icon="chart-bar",
            mail=False,
            path=_results_path,
        ),
    )
    verb_words.register("surveys.round.reminded", pgettext_lazy("activity", "reminded of"))
    subscribe("surveys.ask_invited", ["surveys.round.opened", "surveys.round.reminded"], ask_invited)
    subscribe("surveys.tell_results", ["surveys.round.closed"], tell_results)


def _answer_path(slug: str, notice: Notice) -> str:
    return reverse("surveys:round", args=[slug, notice.subject_id])


def _results_path(slug: str, notice: Notice) -> str:
    return reverse("surveys:results", args=[slug, notice.subject_id])


def _asked(notice: Notice) -> str:
    return _("You are asked: %(title)s") % {"title": notice.facts["title"]}


def _reminded(notice: Notice) -> str:
    return _("Not answered yet: %(title)s") % {"title": notice.facts["title"]}


def _closed(notice: Notice) -> str:
    return _("The results are there: %(title)s") % {"title": notice.facts["title"]}


def _how(notice: Notice) -> str:
    if notice.facts.get("anonymous"):
        return _("Nobody learns who answered what; nothing is shown of fewer than five people.")
    return _("Your answers are seen with your name.")


def _nothing(notice: Notice) -> str:
    return ""
