"""People, the workspaces they work in, and what ties them together."""

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import Group, PermissionsMixin
from django.db import models
from django.db.models.functions import Lower
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from core.clock import now
from core.ids import uuid7
from teams.states import MemberStatus, RoleKey, WorkspaceStatus
from teams.tenancy import WorkspaceOwned

LANGUAGES = [("en", "English"), ("ms", "Bahasa Melayu")]
WORKING_LANGUAGES = [
    *LANGUAGES,
    ("zh", "中文"),
    ("ta", "தமிழ்"),
    ("id", "Bahasa Indonesia"),
    ("ar", "العربية"),
    ("hi", "हिन्दी"),
    ("th", "ไทย"),
    ("vi", "Tiếng Việt"),
    ("ja", "日本語"),
    ("ko", "한국어"),
    ("de", "Deutsch"),
    ("es", "Español"),
    ("fr", "Français"),
    ("it", "Italiano"),
    ("nl", "Nederlands"),
    ("pl", "Polski"),
    ("pt", "Português"),
    ("ru", "Русский"),
    ("tr", "Türkçe"),
]
"""The languages in which people answer; each by its own name."""


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
    session_epoch = models.PositiveIntegerField(default=0)

    objects = UserManager()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS = ["name"]

    class Meta:
        constraints = [models.UniqueConstraint(Lower("email"), name="teams_user_email_ci")]

    def __str__(self) -> str:
        return self.name

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        """Bind sessions to the epoch besides the password: raising it ends them all."""
        salt = "django.contrib.auth.models.AbstractBaseUser.get_session_auth_hash"
        bound = f"{self.password}:{self.session_epoch}" if self.session_epoch else self.password
        return salted_hmac(salt, bound, secret=secret, algorithm="sha256").hexdigest()

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
    """A named set of rights; built-in ones take theirs from the verbs' declarations. `teams.limits` reads `limits`."""

    key = models.SlugField(max_length=32)
    name = models.CharField(max_length=80)
    is_builtin = models.BooleanField(default=False)
    verbs = models.JSONField(default=list)
    limits = models.JSONField(default=list, db_default=[])

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace", "key"], name="teams_role_key")]

    def __str__(self) -> str:
        return str(RoleKey(self.key).label) if self.is_builtin else self.name


class Membership(WorkspaceOwned):
    """A person's standing in one workspace.

    `has_second_step` is filled where somebody is let in, by the statement that looks him up; elsewhere it is None.
    So is `is_wanted`: whether anybody on whose lists the member stands is away or unseen.
    """

    has_second_step: bool | None = None
    is_wanted: bool | None = None

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="memberships")
    role = models.ForeignKey(Role, on_delete=models.PROTECT, related_name="memberships")
    status = models.CharField(max_length=12, choices=MemberStatus, default=MemberStatus.ACTIVE)
    job_title = models.CharField(max_length=120, blank=True)
    capacity_hours = models.PositiveSmallIntegerField(default=40)
    languages = models.JSONField(default=list, blank=True)
    networks = models.JSONField(default=list, blank=True)
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
