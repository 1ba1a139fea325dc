"""Every owned table stands in the world that `test_costs.py` lets grow, or is named there with a reason."""

import pytest

from teams.tenancy import workspace_scope
from tests.rules.furnishing import furnish_rest
from tests.rules.growth import Growth
from tests.rules.world import make_world
from tests.support import plugin

pytestmark = pytest.mark.crawl


def test_every_owned_table_stands_in_the_world_that_grows(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock():
        try:
            world = make_world()
            with workspace_scope(world.acme.workspace.pk):
                furnish_rest(world.acme)
            growth = Growth(world.acme.workspace.pk)
            missing = growth.empty()
            growth.close()
        finally:
            plugin.empty_database()
    assert missing == [], (
        "put one of each into the world (tests/rules/furnishing.py), or say in STILL why not"
    )
