"""Root URLs: `/w/<workspace>/` for people, `/api/v1/` for programs, `/n/` for the public."""

from django.urls import include, path

from activity import api_urls as activity_api
from approvals import api_urls as approvals_api
from calendar_app import api_urls as calendar_api
from calendar_app import urls as calendar_pages
from checkins import api_urls as checkins_api
from collab.apidocs import docs, schema
from collab.devmail import mailbox
from collab.styleguide import styleguide
from comments import api_urls as comments_api
from files import api_urls as files_api
from guests import api_urls as guests_api
from guests import urls as guests_pages
from home import api_urls as home_api
from library import api_urls as library_api
from networks import api_urls as networks_api
from notifications import api_urls as notifications_api
from publishing import api_urls as publishing_api
from publishing import health
from surveys import api_urls as surveys_api
from teams import api_urls as teams_api
from teams import urls as teams_pages
from teams.views.front import language

handler404 = "teams.edges.not_found"
handler500 = "teams.edges.broken"

urlpatterns = [
    path("accounts/", include("allauth.urls")),
    path("styleguide/", styleguide, name="styleguide"),
    path("dev/mail/", mailbox, name="dev_mail"),
    path("api/schema/", schema, name="schema"),
    path("api/docs/", docs, name="api_docs"),
    path("i18n/setlang/", language, name="set_language"),
    *(path(address[1:], view, name=address[1:]) for address, view in health.ADDRESSES.items()),
    path("n/<slug:workspace>/", include("networks.newsroom.urls")),
    path("", include((teams_pages.site_urlpatterns, teams_pages.site_name))),
    path("scim/v2/<slug:workspace>/", include((teams_pages.scim_urlpatterns, teams_pages.scim_name))),
    path("", include("files.urls")),
    path("", include((guests_pages.site_urlpatterns, guests_pages.app_name))),
    path("", include((calendar_pages.site_urlpatterns, calendar_pages.site_name))),
    path("w/<slug:workspace>/", include("teams.urls")),
    path("w/<slug:workspace>/", include("activity.urls")),
    path("w/<slug:workspace>/", include("networks.urls")),
    path("w/<slug:workspace>/", include("publishing.urls")),
    path("w/<slug:workspace>/", include("calendar_app.urls")),
    path("w/<slug:workspace>/", include("approvals.urls")),
    path("w/<slug:workspace>/", include("comments.urls")),
    path("w/<slug:workspace>/", include("notifications.urls")),
    path("w/<slug:workspace>/", include("library.urls")),
    path("w/<slug:workspace>/", include("surveys.urls")),
    path("w/<slug:workspace>/", include("checkins.urls")),
    path("w/<slug:workspace>/", include("home.urls")),
    path("w/<slug:workspace>/", include((guests_pages.urlpatterns, guests_pages.workspace_name))),
    path("api/v1/", include((teams_api.site_api_urlpatterns, teams_api.site_name))),
    path("api/v1/w/<slug:workspace>/", include((teams_api.api_urlpatterns, teams_api.app_name))),
    path("api/v1/w/<slug:workspace>/", include((activity_api.api_urlpatterns, activity_api.app_name))),
    path("api/v1/w/<slug:workspace>/", include((networks_api.api_urlpatterns, networks_api.app_name))),
    path("api/v1/w/<slug:workspace>/", include((publishing_api.api_urlpatterns, publishing_api.app_name))),
    path("api/v1/w/<slug:workspace>/", include((approvals_api.api_urlpatterns, approvals_api.app_name))),
    path("api/v1/w/<slug:workspace>/", include((comments_api.api_urlpatterns, comments_api.app_name))),
    path(
        "api/v1/w/<slug:workspace>/", include((notifications_api.api_urlpatterns, notifications_api.app_name))
    ),
    path("api/v1/w/<slug:workspace>/", include((guests_api.api_urlpatterns, guests_api.app_name))),
    path("api/v1/w/<slug:workspace>/", include((home_api.api_urlpatterns, home_api.app_name))),
    path("api/v1/w/<slug:workspace>/", include((surveys_api.api_urlpatterns, surveys_api.app_name))),
    path("api/v1/w/<slug:workspace>/", include((checkins_api.api_urlpatterns, checkins_api.app_name))),
    path("api/v1/w/<slug:workspace>/", include((files_api.api_urlpatterns, files_api.app_name))),
    path("api/v1/w/<slug:workspace>/", include((library_api.api_urlpatterns, library_api.app_name))),
    path("api/v1/w/<slug:workspace>/", include((calendar_api.api_urlpatterns, calendar_api.app_name))),
]
