"""Accounts: the person behind memberships, made with an address that is known to be theirs."""

import zoneinfo

from allauth.account.models import EmailAddress
from allauth.usersessions.models import UserSession
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils.translation import gettext as _

from core.errors import Invalid
from teams.models import LANGUAGES, User, Workspace

THEMES = ("system", "light", "dark")
DENSITIES = ("comfortable", "compact")
_CHOICES = {
    "language": tuple(code for code, _name in LANGUAGES),
    "theme": THEMES,
    "density": DENSITIES,
}


def open_account(
    *, email: str, name: str, password: str | None, language: str = "en", timezone: str = ""
) -> User:
    """Make a user whose address was proven some other way: by an invitation's mail, or by the operator.

    Raises: Invalid for a weak password, an empty name or an address that has an account.
    """
    _require_name(name)
    if password is not None:
        _require_strong(password, User(email=email, name=name))
    try:
        with transaction.atomic():
            user = User.objects.create_user(
                email, password, name=name.strip(), language=language, timezone=timezone
            )
    except IntegrityError:
        message = _("This address has an account already. Log in with it.")
        raise Invalid(message, fields={"email": [message]}) from None
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


def change_profile(*, user: User, changes: dict[str, str]) -> User:
    """Change name, language, time zone, theme or density of one's own account. Raises: Invalid."""
    fields: dict[str, list[str]] = {}
    for name, allowed in _CHOICES.items():
        if name in changes and changes[name] not in allowed:
            fields[name] = [_("Choose one of the list.")]
    zone = changes.get("timezone", "")
    if zone and zone not in zoneinfo.available_timezones():
        fields["timezone"] = [_("This time zone is not known.")]
    if fields:
        raise Invalid(_("Your account could not be saved."), fields=fields)
    if "name" in changes:
        _require_name(changes["name"])
    kept = {name: value.strip() for name, value in changes.items() if name in (*_CHOICES, "name", "timezone")}
    for name, value in kept.items():
        setattr(user, name, value)
    if kept:
        user.save(update_fields=list(kept))
    return user


def note_device(
    *, user: User, session_key: str, workspace: Workspace, address: str, user_agent: str
) -> UserSession:
    """Note in the person's list of devices a session that a workspace's provider has opened, so that he can end it."""
    most = UserSession._meta.get_field("user_agent").max_length
    facts = {"ip": address, "user_agent": user_agent[:most], "data": {"workspace": workspace.name}}
    row, _is_new = UserSession.objects.update_or_create(
        session_key=session_key, defaults={"user": user, **facts}
    )
    return row


def end_sessions(*, user: User, besides: str | None = None) -> User:
    """End a person's sessions everywhere; `besides` is the key of one whose proof of who it is the caller renews.

    Every session holds a digest of password and epoch, so none passes any more, in whatever process it is used.
    """
    for session in UserSession.objects.filter(user=user).exclude(session_key=besides or ""):
        session.end()
    User.objects.filter(pk=user.pk).update(session_epoch=F("session_epoch") + 1)
    user.refresh_from_db(fields=["session_epoch"])
    return user


def _require_name(name: str) -> None:
    if not 1 <= len(name.strip()) <= 120:
        message = _("Give a name of 1 to 120 characters.")
        raise Invalid(message, fields={"name": [message]})


def _require_strong(password: str, user: User) -> None:
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise Invalid(_("Choose another password."), fields={"password": list(error.messages)}) from None
