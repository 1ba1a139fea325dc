"""Addresses of guests' pages, outside any workspace, and of the pages on which members give links."""

from django.urls import path

from guests.views import given, marks, meetings, pages

app_name = "guests"
workspace_name = "links"
site_urlpatterns = [
    path("g/<uuid:link>/", pages.front, name="front"),
    path("g/<uuid:link>/entry/", pages.entry, name="entry"),
    path("g/<uuid:link>/mails/", marks.mails, name="mails"),
    path("g/<uuid:link>/renewal/", pages.renewal, name="renewal"),
    path("g/<uuid:link>/posts/<uuid:post>/", pages.post, name="post"),
    path("g/<uuid:link>/posts/<uuid:post>/decision/", pages.decision, name="decision"),
    path("g/<uuid:link>/decisions/<uuid:decision>/undo/", marks.undo, name="undo"),
    path("g/<uuid:link>/posts/<uuid:post>/comments/", pages.comments, name="comments"),
    path("g/<uuid:link>/posts/<uuid:post>/parts/", marks.parts, name="parts"),
    path("g/<uuid:link>/meetings/<uuid:meeting>/", meetings.meeting, name="meeting"),
    path("g/<uuid:link>/actions/<uuid:action>/report/", meetings.report, name="report"),
    path("g/<uuid:link>/media/<uuid:media>/<str:size>/", pages.media, name="media"),
    path("g/<str:secret>/", pages.door, name="door"),
]
urlpatterns = [
    path("guests/", given.links, name="all"),
    path("guests/new/", given.new_link, name="new"),
    path("guests/<uuid:link>/", given.link, name="link"),
    path("guests/<uuid:link>/revocation/", given.revocation, name="revocation"),
    path("guests/<uuid:link>/mail/", given.mailing, name="mailing"),
]
