"""How log-in fits this product: who may sign up, and what a locked-out stranger is told."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


class AccountAdapter(DefaultAccountAdapter):
    """Opens sign-up only where the installation allows it, or for the bearer of an invitation."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Tell whether this visitor may make an account."""
        return settings.SIGNUP == "open" or (settings.SIGNUP == "invite" and "invitation" in request.session)

    def save_user(self, request: HttpRequest, user: Any, form: Any, commit: bool = True) -> Any:
        """Save a new user under a name: the given one, or the address up to the @."""
        user.name = form.cleaned_data.get("name") or form.cleaned_data["email"].split("@")[0]
        return super().save_user(request, user, form, commit)


def locked_out(request: HttpRequest, credentials: dict[str, Any], *args: Any, **kwargs: Any) -> HttpResponse:
    """Tell an address that guessed too often to wait; the account itself stays open from elsewhere."""
    return render(request, "account/locked_out.html", {"minutes": 15}, status=429)
