"""REST of people and workspaces."""

from django.urls import path

from teams.api import away, people

app_name = "teams_api"

api_urlpatterns = [
    path("members/", people.members, name="members"),
    path("members/me/rights/", people.my_rights, name="my_rights"),
    path("members/<uuid:member>/", people.member, name="member"),
    path("roles/", people.roles, name="roles"),
    path("roles/<uuid:role>/", people.role, name="role"),
    path("teams/", people.teams, name="teams"),
    path("teams/<uuid:team>/", people.team, name="team"),
    path("invitations/", people.invitations, name="invitations"),
    path("invitations/<uuid:invitation>/", people.invitation, name="invitation"),
    path("backups/", away.backups, name="backups"),
    path("backups/<uuid:backup>/", away.backup, name="backup"),
    path("absences/", away.absences, name="absences"),
    path("absences/<uuid:absence>/", away.absence, name="absence"),
]

site_name = "site_api"

site_api_urlpatterns = [path("workspaces/", people.workspaces, name="workspaces")]
