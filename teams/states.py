"""Enumerations of people and their standing."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class ActorKind(models.TextChoices):
    """What sort of party acts."""

    MEMBER = "member", _("member")
    GUEST = "guest", _("guest")
    TOKEN = "token", _("API token")
    SYSTEM = "system", _("Collab")
    STAFF = "staff", _("operator")


class WorkspaceStatus(models.TextChoices):
    """Whether a workspace can be used."""

    ACTIVE = "active", _("active")
    CLOSING = "closing", _("closing")


class MemberStatus(models.TextChoices):
    """Whether a membership gives access."""

    ACTIVE = "active", _("active")
    ENDED = "ended", _("ended")


class RoleKey(models.TextChoices):
    """The built-in roles, most powerful first."""

    OWNER = "owner", _("Owner")
    ADMIN = "admin", _("Admin")
    LEAD = "lead", _("Team lead")
    MANAGER = "manager", _("Social media manager")
    CONTRIBUTOR = "contributor", _("Contributor")
    VIEWER = "viewer", _("Viewer")


class AbsenceKind(models.TextChoices):
    """Why somebody is away."""

    SICK = "sick", _("sick")
    LEAVE = "leave", _("on leave")
    OTHER = "other", _("away")


class StarterKind(models.TextChoices):
    """The kinds of work that every workspace starts with."""

    CONTENT = "content", _("Content creation")
    SCHEDULING = "scheduling", _("Scheduling")
    ENGAGEMENT = "engagement", _("Engagement")
    SERVICE = "service", _("Customer service")
    STAKEHOLDERS = "stakeholders", _("Stakeholder management")


class AbsenceCause(models.TextChoices):
    """Where an absence comes from."""

    PERSON = "person", _("recorded by a person")
    FEED = "feed", _("from a calendar")


class KeyKind(models.TextChoices):
    """What a bearer secret is for; a secret of one kind is worthless as another."""

    API_TOKEN = "api_token", _("API token")
    INVITATION = "invitation", _("invitation")
    GUEST = "guest", _("guest link")
    NEWSROOM = "newsroom", _("newsroom channel")
    SCIM = "scim", _("directory (SCIM)")
    FEED = "feed", _("calendar feed")


class ProviderKind(models.TextChoices):
    """How a workspace's identity provider says who somebody is."""

    OIDC = "oidc", _("OpenID Connect")
    SAML = "saml", _("SAML 2.0")
