"""The models of people, workspaces, ways in and cover; one module per noun."""

from teams.models.absences import Absence, AbsenceFeed, TimeOut
from teams.models.cover import Backup
from teams.models.directory import DirectoryGroup, DirectoryGroupMember, DirectoryUser
from teams.models.duties import DUTY, Duty, DutyKind, DutyScope, Moderator
from teams.models.hours import WorkingHours
from teams.models.keys import AccessKey, IdempotencyRecord, Invitation
from teams.models.people import (
    LANGUAGES,
    WORKING_LANGUAGES,
    Guest,
    Membership,
    Role,
    Team,
    TeamMember,
    User,
    UserManager,
    Workspace,
)
from teams.models.providers import GroupRule, Identity, Provider
from teams.models.staff import StaffSession

__all__ = [
    "DUTY",
    "LANGUAGES",
    "WORKING_LANGUAGES",
    "Absence",
    "AbsenceFeed",
    "AccessKey",
    "Backup",
    "DirectoryGroup",
    "DirectoryGroupMember",
    "DirectoryUser",
    "Duty",
    "DutyKind",
    "DutyScope",
    "GroupRule",
    "Guest",
    "IdempotencyRecord",
    "Identity",
    "Invitation",
    "Membership",
    "Moderator",
    "Provider",
    "Role",
    "StaffSession",
    "Team",
    "TeamMember",
    "TimeOut",
    "User",
    "UserManager",
    "WorkingHours",
    "Workspace",
]
