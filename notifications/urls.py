"""Addresses of notices for people."""

from django.urls import path

from notifications import views

app_name = "notifications"
urlpatterns = [
    path("notices/", views.notice_list, name="list"),
    path("notices/mail/", views.mail_rules, name="mail_rules"),
    path("notices/reading/", views.reading, name="reading"),
    path("notices/<uuid:pk>/", views.notice, name="notice"),
]
