"""What follows from logging in and from a changed second step."""

from typing import Any

from allauth.account.internal.flows.login import record_authentication
from allauth.usersessions.models import UserSession
from django.contrib.auth import update_session_auth_hash
from django.http import HttpRequest

from teams.models import User
from teams.proofs import FACTOR, PASSWORD, SECOND_STEPS, drop_vouches_for_others
from teams.services.accounts import end_sessions
from teams.sessions import begin_session


def count_age(sender: object, request: HttpRequest | None, user: User, **kwargs: Any) -> None:
    """Count the session's age from the log-in, and forget what providers said of anybody else."""
    if request is not None:
        begin_session(request.session)
        drop_vouches_for_others(request.session, user.pk)


def note_sign_up(sender: object, request: HttpRequest | None, user: User, **kwargs: Any) -> None:
    """Take the password that was just chosen as shown: who signs up is not asked for it again at once."""
    if request is not None and user.has_usable_password():
        record_authentication(request, user, PASSWORD)


def note_new_factor(
    sender: object, request: HttpRequest, user: User, authenticator: Any, **kwargs: Any
) -> None:
    """Take a second step that was just set up as proven here, and end the sessions that never showed one."""
    if authenticator.type in SECOND_STEPS:
        record_authentication(request, user, FACTOR, id=authenticator.pk, type=authenticator.type)
        _end_others(request, user)


def note_lost_factor(
    sender: object, request: HttpRequest, user: User, authenticator: Any, **kwargs: Any
) -> None:
    """End all other sessions when a second step is gone."""
    if authenticator.type in SECOND_STEPS:
        _end_others(request, user)


def _end_others(request: HttpRequest, user: User) -> None:
    """End the others and renew this one, which gets another key and keeps its place in the list."""
    before = request.session.session_key
    end_sessions(user=user, besides=before)
    update_session_auth_hash(request, user)
    UserSession.objects.filter(session_key=before).update(session_key=request.session.session_key)
