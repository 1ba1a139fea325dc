"""Addresses of the calendar over REST."""

from django.urls import path

from calendar_app.api import briefs, days, posts, views

app_name = "calendar_app_api"
api_urlpatterns = [
    path("posts/", posts.posts, name="posts"),
    path("posts/<uuid:post>/", posts.post, name="post"),
    path("posts/<uuid:post>/revisions/", posts.revisions, name="revisions"),
    path("posts/<uuid:post>/submission/", posts.submission, name="submission"),
    path("posts/<uuid:post>/path/", posts.path_ahead, name="path_ahead"),
    path("posts/<uuid:post>/schedule/", posts.schedule, name="schedule"),
    path("posts/<uuid:post>/assignment/", posts.assignment, name="assignment"),
    path("campaigns/", days.campaigns, name="campaigns"),
    path("campaigns/<uuid:campaign>/", days.campaign, name="campaign"),
    path("campaigns/<uuid:campaign>/brief/", briefs.brief, name="brief"),
    path("campaigns/<uuid:campaign>/brief/revisions/", briefs.brief_revisions, name="brief_revisions"),
    path("campaigns/<uuid:campaign>/brief/submission/", briefs.brief_submission, name="brief_submission"),
    path("notes/", days.notes, name="notes"),
    path("notes/<uuid:note>/", days.note, name="note"),
    path("slots/", days.slots, name="slots"),
    path("slots/<uuid:slot>/", days.slot, name="slot"),
    path("views/", views.views, name="views"),
    path("views/<uuid:view>/", views.view, name="view"),
    path("calendar/", days.calendar, name="calendar"),
]
