"""Addresses of the API, mounted at `api/v1/w/<slug:workspace>/`."""

from django.urls import path

from checkins.api import meetings, series

app_name = "checkins_api"
api_urlpatterns = [
    path("checkins/", series.all_series, name="all"),
    path("checkins/<uuid:series>/", series.series, name="series"),
    path("checkins/<uuid:series>/meetings/", series.series_meetings, name="series_meetings"),
    path("checkin-meetings/", meetings.coming, name="coming"),
    path("checkin-meetings/<uuid:meeting>/", meetings.meeting, name="meeting"),
    path("checkin-meetings/<uuid:meeting>/update/", meetings.update, name="update"),
    path("checkin-meetings/<uuid:meeting>/updates/", meetings.updates, name="updates"),
    path("checkin-meetings/<uuid:meeting>/updates/<uuid:update>/help/", meetings.help_offer, name="help"),
    path("checkin-meetings/<uuid:meeting>/points/", meetings.points, name="points"),
    path("checkin-meetings/<uuid:meeting>/points/<uuid:point>/", meetings.point, name="point"),
    path("checkin-meetings/<uuid:meeting>/actions/", meetings.meeting_actions, name="meeting_actions"),
    path("checkin-actions/", meetings.actions, name="actions"),
    path("checkin-actions/<uuid:action>/", meetings.action, name="action"),
    path("checkin-actions/<uuid:action>/report/", meetings.report, name="report"),
]
