"""People, workspaces and what ties them together."""

from datetime import datetime

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import Group, PermissionsMixin
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from core.clock import now
from core.ids import uuid7
from teams.states import AbsenceKind, KeyKind, MemberStatus, RoleKey, WorkspaceStatus
from teams.tenancy import WorkspaceOwned

LANGUAGES = [("en", "English"), ("ms", "Bahasa Melayu")]


class UserManager(BaseUserManager["User"]):
    """Makes users by e-mail address."""

    def create_user(self, email: str, password: str | None = None, **fields: object) -> "User":
        """Create a user; without a password one that cannot log in by password."""
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: object) -> "User":
        """Create an operator of this installation."""
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)


class User(AbstractBaseUser, PermissionsMixin):
    """A person who logs in; belongs to any number of workspaces."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    email = models.EmailField(_("e-mail address"), unique=True)
    name = models.CharField(_("name"), max_length=120)
    language = models.CharField(_("language"), max_length=8, choices=LANGUAGES, default="en")
    timezone = models.CharField(_("time zone"), max_length=64, blank=True)
    theme = models.CharField(max_length=8, default="system")
    density = models.CharField(max_length=12, default="comfortable")
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=now)

    objects = UserManager()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS = ["name"]

    class Meta:
        constraints = [models.UniqueConstraint(Lower("email"), name="teams_user_email_ci")]

    def __str__(self) -> str:
        return self.name

    def get_full_name(self) -> str:
        """Return the name as the person writes it."""
        return self.name

    def get_short_name(self) -> str:
        """Return the first word of the name."""
        return self.name.split(" ", 1)[0]


class Workspace(models.Model):
    """A tenant: one team, or one client of an agency."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    slug = models.SlugField(max_length=48, unique=True)
    name = models.CharField(_("name"), max_length=120)
    status = models.CharField(max_length=12, choices=WorkspaceStatus, default=WorkspaceStatus.ACTIVE)
    timezone = models.CharField(_("time zone"), max_length=64, default="UTC")
    language = models.CharField(_("language"), max_length=8, choices=LANGUAGES, default="en")
    settings = models.JSONField(default=dict)
    created_at = models.DateTimeField(default=now)

    def __str__(self) -> str:
        return self.name


class Role(WorkspaceOwned):
    """A named set of rights; built-in ones take theirs from the verbs' declarations."""

    key = models.SlugField(max_length=32)
    name = models.CharField(max_length=80)
    is_builtin = models.BooleanField(default=False)
    verbs = models.JSONField(default=list)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace", "key"], name="teams_role_key")]

    def __str__(self) -> str:
        return str(RoleKey(self.key).label) if self.is_builtin else self.name


class Membership(WorkspaceOwned):
    """A person's standing in one workspace."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="memberships")
    role = models.ForeignKey(Role, on_delete=models.PROTECT, related_name="memberships")
    status = models.CharField(max_length=12, choices=MemberStatus, default=MemberStatus.ACTIVE)
    job_title = models.CharField(max_length=120, blank=True)
    capacity_hours = models.PositiveSmallIntegerField(default=40)
    joined_at = models.DateTimeField(default=now)
    ended_at = models.DateTimeField(null=True)
    last_seen_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace", "user"], name="teams_membership_user")]
        indexes = [models.Index(fields=["user", "status"], name="teams_membership_of_user")]

    def __str__(self) -> str:
        return self.user.name

    @property
    def is_active(self) -> bool:
        """Tell whether this membership gives access."""
        return self.status == MemberStatus.ACTIVE


class Team(WorkspaceOwned):
    """A named group of members; its one-to-one auth group carries per-object grants."""

    name = models.CharField(max_length=80)
    group = models.OneToOneField(Group, on_delete=models.PROTECT, related_name="team")
    members = models.ManyToManyField(Membership, through="TeamMember", related_name="teams")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace", "name"], name="teams_team_name")]

    def __str__(self) -> str:
        return self.name


class TeamMember(WorkspaceOwned):
    """One member in one team."""

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="team_members")
    member = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="team_members")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "team", "member"], name="teams_teammember_once")
        ]


class Guest(WorkspaceOwned):
    """A named person outside the workspace who acts by link, without an account."""

    name = models.CharField(max_length=120)
    email = models.EmailField(blank=True)
    created_at = models.DateTimeField(default=now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace", "email"], name="teams_guest_email")]

    def __str__(self) -> str:
        return self.name


class Invitation(WorkspaceOwned):
    """An address asked to join with a role."""

    email = models.EmailField()
    role = models.ForeignKey(Role, on_delete=models.PROTECT, related_name="+")
    invited_by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=now)
    accepted_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    mailed_at = models.DateTimeField(null=True)
    mail_attempts = models.PositiveSmallIntegerField(default=0)
    next_mail_at = models.DateTimeField(null=True, default=now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "workspace",
                Lower("email"),
                condition=models.Q(accepted_at=None, revoked_at=None),
                name="teams_invitation_open",
            )
        ]
        indexes = [
            models.Index(
                fields=["next_mail_at"],
                condition=models.Q(next_mail_at__isnull=False),
                name="teams_invitation_mail_due",
            )
        ]

    @property
    def is_open(self) -> bool:
        """Tell whether it was neither accepted nor taken back."""
        return self.accepted_at is None and self.revoked_at is None


class AccessKey(models.Model):
    """A bearer secret of any kind, known only by its hash.

    Global, since the secret is what names the workspace; looked up by hash alone.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    hash = models.CharField(max_length=64, unique=True)
    hint = models.CharField(max_length=8)
    kind = models.CharField(max_length=16, choices=KeyKind)
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="+")
    subject_type = models.CharField(max_length=64)
    subject_id = models.UUIDField()
    purpose = models.CharField(max_length=120, blank=True)
    scopes = models.JSONField(default=list)
    created_by_id = models.UUIDField(null=True)
    created_at = models.DateTimeField(default=now)
    expires_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True)
    is_single_use = models.BooleanField(default=False)

    class Meta:
        indexes = [models.Index(fields=["workspace", "kind", "subject_id"], name="teams_accesskey_subject")]

    def is_usable(self, at: datetime) -> bool:
        """Tell whether the key opens anything at this instant."""
        used_up = self.is_single_use and self.last_used_at is not None
        return self.revoked_at is None and not used_up and (self.expires_at is None or at < self.expires_at)


class Backup(WorkspaceOwned):
    """A standing backup: who takes over for whom, in which order."""

    member = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="backups")
    backup = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="backup_for")
    position = models.PositiveSmallIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "member", "position"], name="teams_backup_position"),
            models.UniqueConstraint(fields=["workspace", "member", "backup"], name="teams_backup_once"),
            models.CheckConstraint(
                condition=~models.Q(member=models.F("backup")), name="teams_backup_not_self"
            ),
        ]


class Absence(WorkspaceOwned):
    """A time in which a member is away and the first available backup acts."""

    member = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="absences")
    kind = models.CharField(max_length=8, choices=AbsenceKind, default=AbsenceKind.LEAVE)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True)
    recorded_by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=now)

    class Meta:
        indexes = [models.Index(fields=["workspace", "member", "starts_at"], name="teams_absence_when")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(ends_at=None) | models.Q(ends_at__gt=models.F("starts_at")),
                name="teams_absence_ends_after_start",
            )
        ]


class IdempotencyRecord(WorkspaceOwned):
    """The answer given to an API request with an Idempotency-Key, kept for 24 hours."""

    actor_id = models.UUIDField()
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(null=True)
    body = models.JSONField(null=True)
    created_at = models.DateTimeField(default=now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "actor_id", "key"], name="teams_idempotency_key")
        ]
