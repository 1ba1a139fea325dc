"""Addresses of approvals for people."""

from django.urls import path

from approvals import views

app_name = "approvals"
urlpatterns = [
    path("approvals/", views.queue, name="queue"),
    path("approvals/<uuid:pk>/", views.request_page, name="request"),
    path("approvals/<uuid:pk>/decision/", views.decision, name="decision"),
    path("approvals/<uuid:pk>/withdrawal/", views.withdrawal, name="withdrawal"),
    path("approvals/decisions/<uuid:pk>/undo/", views.undo, name="undo"),
]
