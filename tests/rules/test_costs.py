"""No address costs more with more rows: equal statements with 10 and with 2,500 copies of all that stands in it.

Up to four rows of each table are copied, so that posts, revisions and entries of the record come to 10,000.
Answers stay of bounded size besides. Issue 2, gate 5. The URLconf is walked, so that a new address is held to it
without being named here, and a new owned table fails until something of it stands in the crawl's world (or
`growth.STILL` says why it need not).
"""

import json
from collections.abc import Iterator, Sequence
from datetime import timedelta

import pytest
from django.db import connection, reset_queries
from django.test.utils import CaptureQueriesContext

from core.clock import now
from teams.tenancy import workspace_scope
from tests.rules.furnishing import furnish_rest
from tests.rules.growth import Growth, is_counted, shape
from tests.rules.routes import Route, routes
from tests.rules.subjects import value_of
from tests.rules.world import Side, World, make_world, undone
from tests.support import plugin

pytestmark = [pytest.mark.crawl, pytest.mark.ondemand]

FEW, MANY = 10, 2_500
ASKED = [r for r in routes() if r.access and r.access.kind == "member" and "GET" in r.access.methods]
VISITORS = ("owner", "contributor")
MOST_BYTES = 512 * 1024
MOST_ROWS = 200
LARGE = {
    "teams:members": "each row offers every role",
    "teams:member": "offers every member as a backup",
    "calendar_app:day": "shows every campaign, note and key date of its day",
    "calendar_app_api:calendar": "answers up to 5,000 posts at once",
    "calendar_app:posts_csv": "a file of up to 10,000 posts",
    "calendar_app:posts_xlsx": "a file of up to 10,000 posts",
}
"""What is not yet as it should be, by address; take out what you mend."""


FEWER = {
    "home:work": "names what comes onto its first page, which is of fewer kinds when much waits",
    "home_api:work": "as home:work",
    "approvals:figures": "counts the latest 2,000 reviews, which are of fewer kinds when there are many",
    "approvals:figures_csv": "as approvals:figures",
    "approvals_api:figures": "as approvals:figures",
    "teams:new_team": "offers everybody by name where they are few, and a search where they are many",
}
"""Addresses that may cost less with many rows, and why."""


Costs = dict[tuple[str, str], tuple[list[str], int, bytes]]


@pytest.fixture(scope="module")
def measured(django_db_setup, django_db_blocker) -> Iterator[tuple[Costs, Costs]]:
    with django_db_blocker.unblock():
        world = make_world()
        with workspace_scope(world.acme.workspace.pk):
            furnish_rest(world.acme)
        growth = Growth(world.acme.workspace.pk)
        assert not growth.empty(), (
            f"{growth.empty()}: put one of each into the crawl's world, or say in STILL why not"
        )
        growth.grow(FEW)
        measure(world, VISITORS[:1])  # what a process does once is done before anything is counted
        few = measure(world, VISITORS)
        growth.grow(MANY)
        many = measure(world, VISITORS)
        growth.close()
        yield few, many
        plugin.empty_database()


def measure(world: World, visitors: Sequence[str]) -> Costs:
    """Ask every address as each visitor; return the statements, the status and the body."""
    found: Costs = {}
    for name in visitors:
        visitor = world.visitor(name)
        for route in ASKED:
            path = route.path(
                "acme", {place: value_of(world.acme, route.name, place) for place in route.places}
            )
            path += query_of(world.acme, route)
            reset_queries()  # the log of a connection holds 9,000
            with undone(), CaptureQueriesContext(connection) as captured:
                response = world.ask(visitor, "GET", path)
            statements = [query["sql"] for query in captured.captured_queries if is_counted(query["sql"])]
            body = b"".join(response.streaming_content) if response.streaming else response.content
            found[name, route.name] = (statements, response.status_code, body)
    return found


def query_of(side: Side, route: Route) -> str:
    """Return the query string without which an address shows no rows."""
    today = now().date()
    first, last = today - timedelta(days=20), today + timedelta(days=20)
    return {
        "calendar_app_api:calendar": f"?from={first}&to={last}",
        "comments:threads": f"?subject=calendar_app.post:{value_of(side, 'comments_api:post_comments', 'pk')}",
    }.get(route.name, "")


def test_an_address_costs_the_same_with_few_and_with_ten_thousand_rows(measured):
    few, many = measured
    wrong = []
    for key, (statements, status, _body) in few.items():
        more, status_then, _ = many[key]
        assert status == status_then < 500, (key, status, status_then)
        differs = len(more) > len(statements) if key[1] in FEWER else len(more) != len(statements)
        if differs:
            extra = [line for line in shape(more) if line not in shape(statements)]
            wrong.append(f"{key}: {len(statements)} at {FEW}, {len(more)} with many: {extra[:3]}")
    assert not wrong, "\n".join(wrong)


def test_an_answer_stays_of_bounded_size(measured):
    _few, many = measured
    wrong = [
        f"{key}: {len(body):,} bytes"
        for key, (_statements, _status, body) in many.items()
        if len(body) > MOST_BYTES and key[1] not in LARGE
    ]
    assert not wrong, "\n".join(wrong)


def test_a_list_for_programs_gives_at_most_two_hundred_rows(measured):
    _few, many = measured
    lists = {}
    for (who, name), (_statements, status, body) in many.items():
        if name.split(":")[0].endswith("_api") and status == 200:
            answer = json.loads(body)
            if isinstance(answer, dict) and "results" in answer:
                lists[who, name] = len(answer["results"])
    assert len(lists) > 20
    assert {key: rows for key, rows in lists.items() if rows > MOST_ROWS} == {}
