"""SAML: what we say of ourselves, the answer that a provider's page sends here, and the page that carries on.

The answer comes as a POST from another site, to which browsers add no cookie of ours. So it is checked, kept for two
minutes under a secret of its own, and the browser led on to a page that it opens with its session.
"""

from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _

from core.errors import NotFound
from teams import saml
from teams.gates import members, public
from teams.identities import SECURE, provider_of
from teams.models import Provider
from teams.services.providers import addresses_for_saml, party_of
from teams.states import ProviderKind
from teams.views.sso import arrive, slow_down, tell_trouble
from teams.vouching import LOG_IN, ProviderTrouble, claims_of, distrusted, take_attempt


@public("POST")
def answer(request: HttpRequest) -> HttpResponse:
    """Take in what the provider has signed, once, and lead the browser on to where its session is known."""
    slow_down(request)
    provider = _provider(request)
    try:
        found = saml.read_answer(party_of(provider), request.POST.get("SAMLResponse", ""))
        ticket = saml.keep_answer(provider.pk, found, state=request.POST.get("RelayState", "")[:200])
    except ProviderTrouble as error:
        return tell_trouble(request, error, LOG_IN)
    page = reverse("site:saml_arrival", args=[request.workspace.slug])
    response = HttpResponseRedirect(f"{page}?{urlencode({'ticket': ticket})}", status=303)
    response["Cache-Control"] = "no-store"
    response["Referrer-Policy"] = "no-referrer"
    return response


answer.csrf_exempt = True  # type: ignore[attr-defined]  # it comes from the provider's page; what counts is its signature


@public("GET")
def arrival(request: HttpRequest) -> HttpResponse:
    """Let in whom the provider means, where this browser asked for it."""
    provider, purpose = _provider(request), LOG_IN
    try:
        kept = saml.take_answer(provider.pk, request.GET.get("ticket", ""))
        attempt = take_attempt(request.session, provider.pk, kept["state"])
        purpose = attempt.purpose
        if not saml.fits(kept, attempt):
            raise distrusted("wrong_inresponseto")
        if purpose == LOG_IN and not provider.is_on:
            raise distrusted("off")
    except ProviderTrouble as error:
        return tell_trouble(request, error, purpose)
    return arrive(request, provider, attempt, claims_of(kept["claims"]))


@public("GET")
def metadata(request: HttpRequest) -> HttpResponse:
    """Say to the provider what we are, once the workspace has named one."""
    _provider(request)
    return _metadata(request)


@members(SECURE, "GET")
def metadata_file(request: HttpRequest) -> HttpResponse:
    """Give whoever sets the provider up the same as a file, before anything is saved here."""
    response = _metadata(request)
    response["Content-Disposition"] = f'attachment; filename="collab-{request.workspace.slug}.xml"'
    return response


def _metadata(request: HttpRequest) -> HttpResponse:
    content = saml.own_metadata(*addresses_for_saml(request.workspace.slug))
    return HttpResponse(content, content_type="application/samlmetadata+xml")


def _provider(request: HttpRequest) -> Provider:
    found = provider_of(request.workspace)
    if found is None or found.kind != ProviderKind.SAML:
        raise NotFound(_("This workspace has no log-in of its own."))
    found.workspace = request.workspace
    return found
