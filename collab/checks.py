"""Start-up checks: what must not go to production, and what must never run with more rights than needed."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import connections


@register()
def check_production(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Refuse default or missing secrets, DEBUG and the demo in production."""
    if not settings.PRODUCTION:
        return []
    found: list[CheckMessage] = []
    for name in ("SECRET_KEY", "SEAL_KEY", "NEWSROOM_KEY"):
        value = getattr(settings, name)
        if len(value) < 32 or len(set(value)) < 10:
            found.append(
                Error(f"{name} is missing or too simple: give 32 random characters.", id="collab.E001")
            )
    if not settings.COLLAB_KEYS:
        found.append(Error("COLLAB_KEYS is missing: give id:base64 of 32 random bytes.", id="collab.E002"))
    if settings.DEBUG:
        found.append(Error("DEBUG is on; pages would show secrets to strangers.", id="collab.E003"))
    if not settings.BASE_URL.startswith("https://"):
        found.append(Error("COLLAB_BASE_URL must begin with https:// in production.", id="collab.E004"))
    return found


@register(Tags.database)
def check_role(app_configs: Any, databases: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """Refuse to serve over a database role that row-level security does not bind."""
    if not databases or "default" not in databases:
        return []
    with connections["default"].cursor() as cursor:
        cursor.execute(
            "SELECT current_user, rolsuper OR rolbypassrls, EXISTS (SELECT FROM pg_class c JOIN pg_namespace n"
            " ON n.oid = c.relnamespace WHERE n.nspname = 'public' AND c.relkind = 'r' AND c.relowner = r.oid)"
            " FROM pg_roles r WHERE rolname = current_user"
        )
        role, is_privileged, owns_tables = cursor.fetchone()
    if is_privileged or owns_tables:
        message = f"DATABASE_URL logs in as {role}, which row-level security does not bind; use collab_app."
        return [Error(message, id="collab.E005")]
    return []
