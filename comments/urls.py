"""Addresses of comments for people."""

from django.urls import path

from comments import views

app_name = "comments"
urlpatterns = [
    path("comments/", views.thread_list, name="threads"),
    path("comments/<uuid:pk>/resolution/", views.resolution, name="resolution"),
    path("comments/<uuid:pk>/acceptance/", views.acceptance, name="acceptance"),
]
