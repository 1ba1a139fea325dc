"""The list of posts as a file, by its filters."""

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from calendar_app.exports import post_table
from calendar_app.filters import filter_of
from calendar_app.permissions import SEE
from teams import sheets
from teams.gates import export

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@export(SEE)
def posts_csv(request: HttpRequest) -> HttpResponse:
    """Send the posts of the list as CSV."""
    return _download(sheets.as_csv(_table(request)), "text/csv; charset=utf-8", "csv")


@export(SEE)
def posts_xlsx(request: HttpRequest) -> HttpResponse:
    """Send the posts of the list as a spreadsheet."""
    return _download(sheets.as_xlsx(_table(request), title=_("Posts")), XLSX, "xlsx")


def _table(request: HttpRequest) -> list[list[str]]:
    return post_table(request.actor, filter_of(request), request.workspace.timezone)


def _download(content: bytes, kind: str, ending: str) -> HttpResponse:
    response = HttpResponse(content, content_type=kind)
    response["Content-Disposition"] = f'attachment; filename="posts.{ending}"'
    response["Cache-Control"] = "private, no-store"
    return response
