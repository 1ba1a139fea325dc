"""How links are made and opened in tests."""

import re
from typing import Any

from django.core import mail
from django.test import Client

from approvals.selectors import request_of
from approvals.services.workflows import StepInput, create_workflow
from calendar_app.models import Post
from calendar_app.selectors import get_post, ref_of
from calendar_app.services.reviews import submit_post
from guests.models import GuestLink
from guests.services.links import make_link
from teams.tenancy import workspace_scope
from tests.factories.posts import make_post

DEV = {"name": "Dev Kumar", "email": "dev@client.test"}


def path_in_mail(index: int = -1) -> str:
    """Return the path of the link in a mail."""
    return re.search(r"https?://[^/\s]+(/g/\S+)", mail.outbox[index].body)[1]


def link_to(cast: Any, *posts: Post, by: str = "ben", **fields: Any) -> GuestLink:
    """Make a link for Dev to some posts."""
    with workspace_scope(cast.acme.pk):
        values = {**DEV, "scope": "posts", "wanted": {"posts": [post.pk for post in posts]}, **fields}
        return make_link(by=cast.actor(by), **values)


def link_to_view(cast: Any, *, by: str = "ben", **wanted: Any) -> GuestLink:
    """Make a link for Dev to a view."""
    with workspace_scope(cast.acme.pk):
        return make_link(**DEV, scope="view", wanted=wanted, by=cast.actor(by))


def ask_dev(cast: Any, *steps: StepInput) -> None:
    """Make the workflow that asks Dev, or these steps, the workspace's default."""
    with workspace_scope(cast.acme.pk):
        wanted = steps or (StepInput(name="Client", guests=[cast.dev]),)
        create_workflow(name="Client path", steps=wanted, is_default=True, by=cast.actor("ana"))


def submitted(cast: Any, text: str = "Kopi Raya is back", *, by: str = "ben", **fields: Any) -> Post:
    """Make a post and submit it."""
    with workspace_scope(cast.acme.pk):
        post = make_post(cast, text, by=by, **fields)
        submit_post(post=post, by=cast.actor(by))
        return get_post(cast.actor(by), post.pk)


def request_on(cast: Any, post: Post) -> Any:
    """Return the latest request about a post."""
    with workspace_scope(cast.acme.pk):
        return request_of(ref_of(post))


def opened(path: str) -> Client:
    """Return a browser that has opened a mailed link."""
    browser = Client()
    browser.get(path, follow=True)
    return browser


def home(link: GuestLink) -> str:
    """Return the guest's first page."""
    return f"/g/{link.pk}/"


def page(link: GuestLink, post: Post) -> str:
    """Return the guest's page of a post."""
    return f"/g/{link.pk}/posts/{post.pk}/"
