"""Names of seats and rules in the reader's language."""

from collections.abc import Sequence

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from approvals.models import Step
from approvals.states import Rule


def either(names: Sequence[str], rule: str = Rule.ANY) -> str:
    """Join names: by “and” where all of them are asked, else by “or”."""
    if len(names) < 2:
        return "".join(names)
    last = _("%(first)s and %(last)s") if rule == Rule.ALL else _("%(first)s or %(last)s")
    return last % {"first": ", ".join(names[:-1]), "last": names[-1]}


def seats_of(step: Step) -> str:
    """Say who decides in a workflow's step."""
    names = [
        _("the channel’s moderator")
        if row.is_moderator
        else str(row.member or row.role or row.team or row.guest)
        for row in step.approvers.all()
    ]
    said = either(names, step.rule)
    if step.rule != Rule.N:
        return said
    count = ngettext("%(n)d of them", "%(n)d of them", step.needed) % {"n": step.needed}
    return f"{said} ({count})"
