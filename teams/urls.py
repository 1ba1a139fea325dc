"""Pages of people and workspaces: inside a workspace, and outside any."""

from django.urls import path

from teams.views import absences, front, groups, members, settings

app_name = "teams"

urlpatterns = [
    path("", front.front, name="front"),
    path("members/", members.members, name="members"),
    path("members/<uuid:member>/", members.member, name="member"),
    path("members/<uuid:member>/role/", members.member_role, name="member_role"),
    path("members/<uuid:member>/backups/", members.member_backups, name="member_backups"),
    path("members/<uuid:member>/ending/", members.member_ending, name="member_ending"),
    path("invitations/", members.invitations, name="invitations"),
    path(
        "invitations/<uuid:invitation>/revocation/",
        members.invitation_revocation,
        name="invitation_revocation",
    ),
    path("absences/", absences.absences, name="absences"),
    path("absences/new/", absences.new_absence, name="new_absence"),
    path("absences/sick/", absences.sick_today, name="sick_today"),
    path("absences/<uuid:absence>/end/", absences.absence_end, name="absence_end"),
    path("teams/", groups.teams, name="teams"),
    path("teams/new/", groups.new_team, name="new_team"),
    path("teams/<uuid:team>/", groups.team, name="team"),
    path("teams/<uuid:team>/deletion/", groups.team_deletion, name="team_deletion"),
    path("roles/", groups.roles, name="roles"),
    path("roles/new/", groups.new_role, name="new_role"),
    path("roles/<uuid:role>/", groups.role, name="role"),
    path("roles/<uuid:role>/deletion/", groups.role_deletion, name="role_deletion"),
    path("rights/", groups.rights, name="rights"),
    path("settings/", settings.settings, name="settings"),
    path("tokens/", settings.tokens, name="tokens"),
    path("tokens/<uuid:key>/revocation/", settings.token_revocation, name="token_revocation"),
]

site_name = "site"

site_urlpatterns = [
    path("", front.root, name="root"),
    path("workspaces/new/", front.new_workspace, name="new_workspace"),
    path("account/", front.profile, name="profile"),
    path("account/appearance/", front.appearance, name="appearance"),
    path("account/sessions/<int:session>/ending/", front.session_ending, name="session_ending"),
    path("invitation/", front.invitation, name="invitation"),
    path("invitation/<str:secret>/", front.invitation_link, name="invitation_link"),
]
