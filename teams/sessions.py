"""Sessions in the database, with a limit on rest and one on age: `SESSION_ENGINE`.

Both hold in every process, since all of them load sessions through here. Use is noted at most every five minutes, so
that reading pages writes nothing as a rule.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.db import DatabaseError, connections, router

from core.clock import now

BEGUN, USED = "begun", "used"
VOUCHES = "vouches"
NOTE_EVERY = timedelta(minutes=5)
_READ = "SELECT session_data FROM django_session WHERE session_key = %s AND expire_date > %s"


@dataclass(frozen=True, slots=True)
class _Found:
    session_data: str


class SessionStore(DatabaseStore):
    """A session that ends after a while without use, and after a longer while in any case."""

    _session: dict[str, Any]
    _only_noted = ""
    _given: tuple[str | None] | None = None

    @property
    def is_unread(self) -> bool:
        """Tell whether there is a key whose row was not asked for yet."""
        return bool(self.session_key) and not hasattr(self, "_session_cache")

    def take(self, session_data: str | None) -> None:
        """Read the row's text, which came with another question's answer; None where no row stands."""
        self._given = (session_data,)

    def load(self) -> dict[str, Any]:
        """Return what the session holds; nothing once one of its limits is reached."""
        found: dict[str, Any] = super().load()
        if not found:
            return found
        at = now()
        if at >= _end(found, at):
            self._session_key = None
            return {}
        if at - _instant(found, USED, at) >= NOTE_EVERY:
            self._only_noted = self.encode(found)
            self.modified = True
        return found

    def _get_session_from_db(self) -> Any:
        """Return the row; every request reads one, and building the query anew took longer than asking it."""
        row: tuple[str] | None = None
        given, self._given = self._given, None
        if given is not None:
            row = None if given[0] is None else (given[0],)
        elif self.session_key:
            with connections[router.db_for_read(self.get_model_class())].cursor() as cursor:
                cursor.execute(_READ, [self.session_key, now()])
                row = cursor.fetchone()
        if row is None:
            self._session_key = None
            return None
        return _Found(*row)

    def save(self, must_create: bool = False) -> None:
        """Save; a session of which only the use would be noted is left as it is where that cannot be written.

        The disk may be full, or the session ended from elsewhere meanwhile: neither is a reason to refuse a page.
        """
        is_only_noted = self._only_noted == self.encode(self._session)
        stamp = now().timestamp()
        self._session.setdefault(BEGUN, stamp)
        self._session[USED] = stamp
        try:
            super().save(must_create=must_create)
        except (DatabaseError, UpdateError):
            if not is_only_noted:
                raise

    def get_expiry_date(self, **kwargs: Any) -> datetime:
        """Return when the session ends if it is not used again."""
        at = now()
        return _end({**self._session, USED: at.timestamp()}, at)

    def get_expiry_age(self, **kwargs: Any) -> int:
        """Return the seconds until then, which is how long the browser keeps the cookie."""
        return max(0, int((self.get_expiry_date() - now()).total_seconds()))

    @classmethod
    def get_model_class(cls) -> Any:
        """Return Django's own table."""
        return DatabaseStore.get_model_class()


def begin_session(session: Any) -> None:
    """Count a session's age from now on: somebody logged in."""
    session[BEGUN] = now().timestamp()


def _instant(found: dict[str, Any], name: str, default: datetime) -> datetime:
    stamp = found.get(name)
    return default if stamp is None else datetime.fromtimestamp(stamp, tz=default.tzinfo)


def _end(found: dict[str, Any], at: datetime) -> datetime:
    rest = _instant(found, USED, at) + timedelta(seconds=settings.SESSION_IDLE_SECONDS)
    age = _instant(found, BEGUN, at) + timedelta(seconds=settings.SESSION_LONGEST_SECONDS)
    return min(rest, age)
