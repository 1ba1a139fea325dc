"""Pages of channels, mounted at `w/<slug:workspace>/`."""

from django.urls import path

from networks import login_views, views

app_name = "networks"
urlpatterns = [
    path("channels/", views.channels, name="channels"),
    path("channels/new/", views.networks, name="networks"),
    path("channels/new/<slug:kind>/", views.new_channel, name="new_channel"),
    path("channels/new/<slug:kind>/app/", login_views.app, name="app"),
    path("channels/new/<slug:kind>/journey/", login_views.journey, name="journey"),
    path("channels/new/<slug:kind>/return/", login_views.journey_end, name="journey_end"),
    path("channels/<uuid:channel>/trial/", login_views.trial, name="trial"),
    path("channels/<uuid:channel>/", views.channel, name="channel"),
    path("channels/<uuid:channel>/name/", views.name, name="name"),
    path("channels/<uuid:channel>/login/", views.login, name="login"),
    path("channels/<uuid:channel>/login-end/", views.login_end, name="login_end"),
    path("channels/<uuid:channel>/disconnection/", views.disconnection, name="disconnection"),
    path("channels/<uuid:channel>/restriction/", views.restriction, name="restriction"),
    path("channels/<uuid:channel>/grants/", views.grants, name="grants"),
]
