"""Public addresses of the newsrooms, mounted at `n/<slug:workspace>/`."""

from django.urls import path

from networks.newsroom import endpoint, pages

app_name = "newsroom"
urlpatterns = [
    path("", pages.front, name="front"),
    path("feed.atom", pages.atom, name="atom"),
    path("feed.json", pages.json_feed, name="json"),
    path("items/<str:key>/", endpoint.item, name="endpoint"),
    path("<slug:key>/", pages.item, name="item"),
]
