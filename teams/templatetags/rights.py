"""Template tags about rights: templates ask `can`, never for a role."""

from typing import Any

from django import template
from django.template import Context

from teams import permissions

register = template.Library()


@register.simple_tag(takes_context=True)
def can(context: Context, verb: str, obj: Any = None) -> bool:
    """Tell whether the reader may apply the verb: `{% can "teams.member.invite" as may_invite %}`."""
    actor = getattr(context.get("request"), "actor", None)
    return actor is not None and permissions.can(actor, verb, obj)
