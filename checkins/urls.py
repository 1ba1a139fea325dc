"""Addresses of check-ins."""

from django.urls import path

from checkins.views import actions, meetings, series, updates

app_name = "checkins"
MEETING = "checkins/meetings/<uuid:meeting>/"
urlpatterns = [
    path("checkins/", series.front, name="all"),
    path("checkins/new/", series.new_series, name="new"),
    path("checkins/minutes/", series.minutes, name="minutes"),
    path("checkins/<uuid:series>/", series.series, name="series"),
    path("checkins/<uuid:series>/edit/", series.edit, name="edit"),
    path("checkins/<uuid:series>/end/", series.end, name="end"),
    path(MEETING, meetings.meeting, name="meeting"),
    path(f"{MEETING}opening/", meetings.opening, name="opening"),
    path(f"{MEETING}closing/", meetings.closing, name="closing"),
    path(f"{MEETING}clock/", meetings.clock, name="clock"),
    path(f"{MEETING}time/", meetings.new_time, name="time"),
    path(f"{MEETING}skipping/", meetings.skipping, name="skipping"),
    path(f"{MEETING}points/", meetings.points, name="points"),
    path(f"{MEETING}points/<uuid:point>/removal/", meetings.point_removal, name="point_removal"),
    path(f"{MEETING}update/", updates.update, name="update"),
    path(f"{MEETING}updates/<uuid:update>/help/", updates.help_offer, name="help"),
    path(f"{MEETING}actions/", actions.new_action, name="actions"),
    path("checkins/actions/<uuid:action>/", actions.action, name="action"),
    path("checkins/actions/<uuid:action>/report/", actions.report, name="report"),
    path("checkins/actions/<uuid:action>/owner/", actions.owner, name="owner"),
    path("checkins/actions/<uuid:action>/removal/", actions.removal, name="action_removal"),
]
