"""`make bench`: the table on this machine, also as JSON in `var/bench/latest.json`.

SOAK=1 runs the half hour of row 19 instead, SOAK=120 two minutes of it.
BENCH_POSTS (default 1,000,000) sets how many posts row 2 puts into the large database, over 100 workspaces.
"""

import os
import sys
import tempfile
from pathlib import Path

from bench import site
from bench.data import fill_posts, make_workspaces, settle
from bench.harness import Figure, show, write
from collab.runtime.environment import ROLE_SECRETS
from collab.runtime.layout import DEFAULT_DATA_DIR
from tests.support.services import Cluster, start_cluster

MONTH, MONTH_END = "2026-10-01T00:00:00Z", "2026-11-01T00:00:00Z"
MONTH_PATH = "/w/{slug}/calendar/?month=2026-10"
STATIC = Path(__file__).resolve().parent.parent / "static"


def main() -> int:
    """Run every row that was asked for by number, or all; return 1 where a target is missed."""
    wanted = set(sys.argv[1:])
    with tempfile.TemporaryDirectory(prefix="collab-bench-") as root:
        cluster = start_cluster(root)
        try:
            site.prepare(cluster)
            figures = run(cluster, wanted)
        finally:
            cluster.stop()
    print(show(figures))  # the table is this command's output
    write(figures, DEFAULT_DATA_DIR / "bench" / "latest.json")
    return 1 if any(figure.holds is False for figure in figures) else 0


def run(cluster: Cluster, wanted: set[str]) -> list[Figure]:
    """Return the figures of the wanted rows."""
    from bench import pages, rights

    def wants(*numbers: str) -> bool:
        return not wanted or bool(wanted & set(numbers))

    if os.environ.get("SOAK"):
        site.database(cluster, "bench_soak")
        from bench import soak

        return soak.soak(cluster, "bench_soak", soak.seconds(os.environ["SOAK"]))
    figures: list[Figure] = []
    if wants("1", "2", "6", "8", "16"):
        figures += page_rows(cluster, pages, wants)
    if wants("4"):
        figures += queue_row(cluster)
    if wants("7"):
        site.database(cluster, "bench_rights")
        figures += rights.permission(cluster.admin_dsn("bench_rights"))
    if wants("9", "10", "11", "12", "13"):
        site.database(cluster, "bench_publishing")
        from bench import publishing

        figures += publishing.rows(cluster, "bench_publishing", wants)
    if wants("21"):
        site.database(cluster, "bench_record")
        from bench import record

        figures += record.append()
    return figures


def page_rows(cluster, pages, wants) -> list[Figure]:  # noqa: ANN001  # a cluster, a module, a predicate
    """Return the rows about pages; each gets a database of the size it asks for."""
    site.database(cluster, "bench_month")
    busy = make_workspaces(1)[0]
    fill_posts(cluster.admin_dsn("bench_month"), busy, posts=100_000, in_month=3_000, month=MONTH)
    settle(cluster.admin_dsn("bench_month"))
    member = site.member_of(busy)
    path = MONTH_PATH.format(slug=member.workspace.slug)
    figures: list[Figure] = []
    if wants("1"):
        figures += pages.month(member, path, cluster.admin_dsn("bench_month"), MONTH, MONTH_END)
    if wants("6"):
        figures += pages.floor(member, cluster.environment("bench_month"))
    if wants("8"):
        lists = {name: f"/w/{member.workspace.slug}/{end}" for name, end in LISTS.items()}
        app, owner = ((role, cluster.passwords[role]) for role, _secret in list(ROLE_SECRETS.values())[:2])
        figures += pages.row_security(member, lists, app, owner)
    if wants("16"):
        figures += pages.weight(member, path, STATIC)
    if wants("2"):
        figures += growth_row(cluster, pages)
    return figures


LISTS = {
    "month": "calendar/?month=2026-10",
    "posts": "posts/",
    "members": "members/",
    "activity": "activity/",
}


def queue_row(cluster: Cluster) -> list[Figure]:
    """Return row 4: five hundred posts that wait for one, among ten thousand others."""
    from bench import reviews

    site.database(cluster, "bench_reviews")
    ident = make_workspaces(1)[0]
    fill_posts(cluster.admin_dsn("bench_reviews"), ident, posts=10_000, in_month=1_000, month=MONTH)
    return reviews.queue(site.member_of(ident), cluster.admin_dsn("bench_reviews"))


def growth_row(cluster, pages) -> list[Figure]:  # noqa: ANN001  # a cluster and a module
    """Return row 2: 1,000 posts of one workspace, against a database with very many of 100 workspaces."""
    total = int(os.environ.get("BENCH_POSTS", "1000000"))
    members = []
    for name, workspaces, posts in (("bench_small", 1, 1_000), ("bench_large", 100, total // 100)):
        site.database(cluster, name)
        made = make_workspaces(workspaces)
        fill_posts(cluster.admin_dsn(name), made[0], posts=1_000, in_month=100, month=MONTH)
        for workspace_id in made[1:]:
            fill_posts(cluster.admin_dsn(name), workspace_id, posts=posts, in_month=posts // 30, month=MONTH)
        settle(cluster.admin_dsn(name))
        members.append(site.member_of(made[0]))
    return pages.growth(members[0], members[1], MONTH_PATH, ("bench_small", "bench_large"))


if __name__ == "__main__":
    sys.exit(main())
