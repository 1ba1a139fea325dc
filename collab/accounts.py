"""How log-in fits this product: who may sign up, from where somebody asks, and what a guesser is told."""

import base64
import ipaddress
import os
from typing import Any

from allauth.account import forms as account_forms
from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.forms import AddWebAuthnForm, EditWebAuthnForm
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django import forms
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.core.validators import MaxLengthValidator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

_SEALED_FOR = b"collab.mfa"
_NONCE_BYTES = 12
_OWN_NETWORKS = [
    ipaddress.ip_network(text)
    for text in ("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "::1/128", "fc00::/7")
]


class AccountAdapter(DefaultAccountAdapter):
    """Opens sign-up only where the installation allows it; counts guesses per account and address."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "account_inactive": _("This account is closed."),
        "email_password_mismatch": _("Address and password do not fit together."),
        "email_taken": _("This address has an account already."),
        "enter_current_password": _("Type your present password."),
        "incorrect_code": _("This code does not fit."),
        "incorrect_password": _("This password does not fit."),
        "invalid_password_reset": _("This link was used already or ran out."),
        "too_many_login_attempts": _("Too many tries. Wait five minutes and try again."),
        "same_as_current": _("This is what stands already."),
        "rate_limited": _("Too many tries. Wait a minute and try again."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Tell whether a stranger may make an account; the bearer of an invitation has a page of his own."""
        return bool(settings.SIGNUP == "open")

    def save_user(self, request: HttpRequest, user: Any, form: Any, commit: bool = True) -> Any:
        """Save a new user under a name: the given one, or the address up to the @."""
        user.name = form.cleaned_data.get("name") or form.cleaned_data["email"].split("@")[0]
        return super().save_user(request, user, form, commit)

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Leave password guesses to axes.

        allauth's own limit counts per account alone, so that a stranger could lock the owner out. It still
        limits second-factor codes, which nobody can guess at without the password.
        """

    def reauthenticate(self, user: AbstractBaseUser, password: str) -> bool:
        """Tell whether this is the user's password; counted like a log-in."""
        found = self.authenticate(self.request, email=user.email, password=password)  # type: ignore[attr-defined]  # the user model has an address
        return found is not None and found.pk == user.pk

    def get_client_ip(self, request: HttpRequest) -> str:
        """Return the address that asks."""
        return client_ip(request)


WORDS = {
    "login": _("E-mail address"),
    "email": _("E-mail address"),
    "password": _("Password"),
    "oldpassword": _("Present password"),
    "password1": _("New password"),
    "password2": _("New password again"),
    "code": _("Code"),
}
LONGEST_NAME = 80


class OwnWords(forms.Form):
    """Gives a library's log-in form our labels; the page says the rest."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            field.label = WORDS.get(name, field.label)
            field.widget.attrs.pop("placeholder", None)
            if "password" in name:
                field.help_text = ""


class LoginForm(OwnWords, account_forms.LoginForm):
    """Address and password."""


class SignupForm(OwnWords, account_forms.SignupForm):
    """Asks for a name besides address and password."""

    name = forms.CharField(
        label=_("Your name"), max_length=120, widget=forms.TextInput({"autocomplete": "name"})
    )
    field_order = ("name", "email", "password1")


class ChangePasswordForm(OwnWords, account_forms.ChangePasswordForm):
    """The present password and a new one, twice."""


class SetPasswordForm(OwnWords, account_forms.SetPasswordForm):
    """A first password, twice."""


class ResetPasswordForm(OwnWords, account_forms.ResetPasswordForm):
    """Where to send the link."""


class ResetPasswordKeyForm(OwnWords, account_forms.ResetPasswordKeyForm):
    """A new password, twice."""


class ReauthenticateForm(OwnWords, account_forms.ReauthenticateForm):
    """The password once more."""


class ChangeEmailForm(OwnWords, account_forms.AddEmailForm):
    """Another address."""


class AddPasskeyForm(OwnWords, AddWebAuthnForm):
    """A passkey that this browser made, and its name."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].label = _("Name")
        self.fields["name"].validators.append(MaxLengthValidator(LONGEST_NAME))
        alone = self.fields["passwordless"]
        alone.initial = True
        alone.label = _("It logs me in alone")
        alone.help_text = _("Without a password. Your device asks for a fingerprint, face or PIN each time.")
        alone.widget.attrs["data-passkey-target"] = "alone"


class RenamePasskeyForm(OwnWords, EditWebAuthnForm):
    """Another name for a passkey."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].label = _("Name")
        self.fields["name"].validators.append(MaxLengthValidator(LONGEST_NAME))


class MfaAdapter(DefaultMFAAdapter):
    """Keeps authenticator secrets encrypted, under a key that is not in the database."""

    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": _("This code does not fit."),
        "unverified_email": _("Confirm your e-mail address first."),
    }

    def generate_authenticator_name(self, user: AbstractBaseUser, type: str) -> str:  # noqa: A002  # the library's name
        """Propose a name for a new passkey."""
        count = Authenticator.objects.filter(user_id=user.pk, type=type).count()
        return gettext("Passkey %(number)d") % {"number": count + 1}

    def encrypt(self, text: str) -> str:
        """Return `key id:base64` of nonce and AES-256-GCM ciphertext."""
        ident, key = _keys()[0]
        nonce = os.urandom(_NONCE_BYTES)
        sealed = nonce + AESGCM(key).encrypt(nonce, text.encode(), _SEALED_FOR)
        return f"{ident}:{base64.b64encode(sealed).decode()}"

    def decrypt(self, encrypted_text: str) -> str:
        """Return the secret. Raises: KeyError for a key that is gone; InvalidTag for a changed text."""
        ident, _colon, body = encrypted_text.partition(":")
        sealed = base64.b64decode(body)
        key = dict(_keys())[ident]
        return AESGCM(key).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], _SEALED_FOR).decode()


def _keys() -> list[tuple[str, bytes]]:
    pairs = (entry.partition(":") for entry in settings.COLLAB_KEYS)
    return [(ident, base64.b64decode(key)) for ident, _colon, key in pairs]


def client_ip(request: HttpRequest, *args: Any) -> str:
    """Return the address that asks: the peer's, or what our own proxy in front says of it.

    Only the last entry of X-Forwarded-For counts, and only from a loopback or private peer: that is the one our
    proxy wrote. What the client wrote before it is worthless.
    """
    peer = _address(request.META.get("REMOTE_ADDR", ""))
    forwarded = _address(request.META.get("HTTP_X_FORWARDED_FOR", "").rpartition(",")[2])
    if forwarded is not None and (peer is None or any(peer in own for own in _OWN_NETWORKS)):
        return str(forwarded)
    return str(peer or "127.0.0.1")


def _address(text: str) -> "ipaddress.IPv4Address | ipaddress.IPv6Address | None":
    try:
        return ipaddress.ip_address(text.strip())
    except ValueError:
        return None


def guessed_account(request: HttpRequest, credentials: dict[str, Any] | None) -> str:
    """Return the account that a log-in tries, as axes counts it."""
    given = (credentials or {}).get("email") or (credentials or {}).get("username") or ""
    return str(given or request.POST.get("login", "")).strip().lower()[:254]


def locked_out(request: HttpRequest, *args: Any) -> HttpResponse:
    """Tell an address that guessed too often to wait; the account itself stays open from elsewhere."""
    minutes = round(settings.AXES_COOLOFF_TIME * 60)
    return render(request, "account/locked_out.html", {"minutes": minutes}, status=429)
