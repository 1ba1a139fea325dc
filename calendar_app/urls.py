"""Addresses of the calendar's pages."""

from django.urls import path

from calendar_app.views import calendar, campaigns, composer, exports, feeds, hours, planning, posts, saved

app_name = "calendar_app"
site_name = "feeds"
site_urlpatterns = [path("feeds/<str:secret>/calendar.ics", feeds.calendar, name="calendar")]
urlpatterns = [
    path("calendar/", calendar.month, name="calendar"),
    path("calendar/move/", calendar.move, name="move"),
    path("calendar/undo/<str:reference>/", calendar.undo, name="undo_move"),
    path("calendar/weeks/<str:on>/", hours.week, name="week"),
    path("calendar/days/<str:on>/", hours.day, name="day"),
    path("calendar/days/<str:on>/notes/", calendar.notes, name="notes"),
    path("calendar/notes/<uuid:note>/removal/", calendar.note_removal, name="note_removal"),
    path("calendar/views/", saved.views, name="views"),
    path("calendar/views/<uuid:view>/", saved.view, name="view"),
    path("calendar/views/<uuid:view>/beginning/", saved.beginning, name="view_beginning"),
    path("calendar/views/<uuid:view>/removal/", saved.removal, name="view_removal"),
    path("calendar/views/<uuid:view>/feeds/", feeds.feeds, name="feeds"),
    path("calendar/feeds/<uuid:feed>/removal/", feeds.feed_removal, name="feed_removal"),
    path("campaigns/", campaigns.campaign_list, name="campaigns"),
    path("campaigns/<uuid:campaign>/", campaigns.campaign, name="campaign"),
    path("campaigns/<uuid:campaign>/owner/", campaigns.campaign_owner, name="campaign_owner"),
    path("campaigns/<uuid:campaign>/brief/", campaigns.brief, name="brief"),
    path("campaigns/<uuid:campaign>/submission/", campaigns.brief_submission, name="brief_submission"),
    path("campaigns/<uuid:campaign>/withdrawal/", campaigns.brief_withdrawal, name="brief_withdrawal"),
    path("posts/", posts.posts, name="posts"),
    path("posts/export.csv", exports.posts_csv, name="posts_csv"),
    path("posts/export.xlsx", exports.posts_xlsx, name="posts_xlsx"),
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
    path("posts/<uuid:post>/assignment/", planning.assignment, name="assignment"),
    path("posts/<uuid:post>/schedule/", planning.schedule, name="schedule"),
    path("posts/<uuid:post>/publication/", planning.publication, name="publication"),
    path("posts/<uuid:post>/unscheduling/", planning.unscheduling, name="unscheduling"),
    path("posts/<uuid:post>/archive/", planning.archive, name="archive"),
    path("posts/archive/undo/<str:reference>/", planning.archive_undo, name="undo_archive"),
]
