"""REST of people and workspaces."""

from django.urls import path

from teams.api import away, duties, feeds, limits, load, people, security

app_name = "teams_api"

api_urlpatterns = [
    path("members/", people.members, name="members"),
    path("members/me/rights/", people.my_rights, name="my_rights"),
    path("members/<uuid:member>/rights/", people.member_rights, name="member_rights"),
    path("members/<uuid:member>/", people.member, name="member"),
    path("members/<uuid:member>/leaving/", load.leaving, name="leaving"),
    path("members/<uuid:member>/proposals/", load.proposals, name="proposals"),
    path("duties/", duties.duties, name="duties"),
    path("duties/<uuid:duty>/", duties.duty, name="duty"),
    path("duty-kinds/", duties.kinds, name="duty_kinds"),
    path("moderators/", duties.moderators, name="moderators"),
    path("moderators/<uuid:channel>/", duties.moderator, name="moderator"),
    path("workload/", load.workload, name="workload"),
    path("coverage/", load.coverage, name="coverage"),
    path("roles/", people.roles, name="roles"),
    path("roles/<uuid:role>/", people.role, name="role"),
    path("roles/<uuid:role>/limits/", limits.role_limits, name="role_limits"),
    path("roles/<uuid:role>/limits/<slug:limit>/", limits.role_limit, name="role_limit"),
    path("teams/", people.teams, name="teams"),
    path("teams/<uuid:team>/", people.team, name="team"),
    path("invitations/", people.invitations, name="invitations"),
    path("invitations/<uuid:invitation>/", people.invitation, name="invitation"),
    path("security/", security.security, name="security"),
    path("backups/", away.backups, name="backups"),
    path("backups/<uuid:backup>/", away.backup, name="backup"),
    path("absences/", away.absences, name="absences"),
    path("absences/<uuid:absence>/", away.absence, name="absence"),
    path("absence-calendars/", feeds.feeds, name="absence_feeds"),
    path("absence-calendars/<uuid:feed>/", feeds.feed, name="absence_feed"),
]

site_name = "site_api"

site_api_urlpatterns = [path("workspaces/", people.workspaces, name="workspaces")]
