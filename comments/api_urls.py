"""Addresses of comments for programs."""

from django.urls import path

from comments import api

app_name = "comments_api"
api_urlpatterns = [
    path("posts/<uuid:pk>/comments/", api.post_comments, name="post_comments"),
    path("comments/<uuid:pk>/", api.comment, name="comment"),
    path("comments/<uuid:pk>/attachments/", api.comment_attachments, name="comment_attachments"),
]
