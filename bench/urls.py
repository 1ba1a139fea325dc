"""The product's URLs, and two empty pages: ours at the floor of its cost, and Django's with one query."""

from django.http import HttpRequest, HttpResponse
from django.urls import include, path

from teams.gates import members
from teams.models import Workspace


@members("teams.workspace.see")
def floor(request: HttpRequest) -> HttpResponse:
    """Answer nothing, after session, tenancy, row-level security and permission."""
    return HttpResponse("ok")


def plain(request: HttpRequest) -> HttpResponse:
    """Answer nothing, after one query."""
    return HttpResponse(Workspace.objects.values_list("slug", flat=True).first() or "none")


urlpatterns = [
    path("w/<slug:workspace>/bench-floor/", floor),
    path("bench-plain/", plain),
    path("", include("collab.urls")),
]
