"""Addresses of approvals for programs."""

from django.urls import path

from approvals import api

app_name = "approvals_api"
api_urlpatterns = [
    path("posts/<uuid:pk>/decisions/", api.post_decisions, name="post_decisions"),
    path("workflows/", api.workflow_list, name="workflows"),
    path("workflows/<uuid:pk>/", api.workflow, name="workflow"),
]
