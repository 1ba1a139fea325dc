"""Addresses of the calendar's pages."""

from django.urls import path

from calendar_app.views import calendar, composer, posts

app_name = "calendar_app"
urlpatterns = [
    path("calendar/", calendar.month, name="calendar"),
    path("calendar/move/", calendar.move, name="move"),
    path("calendar/undo/<str:reference>/", calendar.undo, name="undo_move"),
    path("calendar/days/<str:on>/", calendar.day, name="day"),
    path("calendar/days/<str:on>/notes/", calendar.notes, name="notes"),
    path("calendar/notes/<uuid:note>/removal/", calendar.note_removal, name="note_removal"),
    path("posts/", posts.posts, name="posts"),
    path("posts/new/", composer.new, name="new_post"),
    path("posts/autosave/", composer.autosave_new, name="autosave_new"),
    path("posts/media/", composer.media, name="media"),
    path("posts/media/<uuid:media>/", composer.media_item, name="media_item"),
    path("posts/<uuid:post>/", posts.post, name="post"),
    path("posts/<uuid:post>/edit/", composer.edit, name="edit_post"),
    path("posts/<uuid:post>/autosave/", composer.autosave_post, name="autosave"),
    path("posts/<uuid:post>/revisions/", posts.revisions, name="revisions"),
    path("posts/<uuid:post>/submission/", posts.submission, name="submission"),
    path("posts/<uuid:post>/withdrawal/", posts.withdrawal, name="withdrawal"),
    path("posts/<uuid:post>/schedule/", posts.schedule, name="schedule"),
    path("posts/<uuid:post>/unscheduling/", posts.unscheduling, name="unscheduling"),
    path("posts/<uuid:post>/archive/", posts.archive, name="archive"),
]
