"""`manage.py api_token EMAIL --workspace SLUG`: print a new API token alone on one line."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from core.errors import CollabError
from teams.actors import Actor
from teams.models import Membership, Workspace
from teams.services.keys import create_token
from teams.states import MemberStatus
from teams.tenancy import workspace_scope


class Command(BaseCommand):
    """Make an API token for a member; who may run this command is the operator."""

    help = "Prints a new API token of a member, alone on one line."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the member's address, the workspace, and how long the token lives."""
        parser.add_argument("email")
        parser.add_argument("--workspace", required=True, help="slug of the workspace")
        parser.add_argument("--purpose", default="made on the command line")
        parser.add_argument("--days", type=int, help="1 to 366; until revoked without it")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the token. Raises: CommandError."""
        workspace = Workspace.objects.filter(slug=options["workspace"]).first()
        if workspace is None:
            raise CommandError(f"There is no workspace “{options['workspace']}”.")
        with workspace_scope(workspace.pk):
            people = Membership.objects.select_related("user", "role", "workspace")
            member = people.filter(user__email__iexact=options["email"], status=MemberStatus.ACTIVE).first()
            if member is None:
                raise CommandError(f"{options['email']} is no member of “{workspace.slug}”.")
            by = Actor.system(workspace.pk)
            try:
                _key, secret = create_token(
                    member=member, purpose=options["purpose"], days=options["days"], by=by
                )
            except CollabError as error:
                raise CommandError(error.message) from None
        self.stdout.write(secret)
