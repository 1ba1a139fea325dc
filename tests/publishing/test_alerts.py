"""The example alert rules and the dashboard: they parse, and ask for nothing that /metrics does not give."""

import json
import re
from pathlib import Path

import pytest
import yaml
from celery import current_app

from publishing import ledger
from publishing.models import Delivery
from publishing.services.sweeping import sweep
from publishing.timing import clock
from tests.factories.deliveries import fake_channel, plan

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
RULES = yaml.safe_load((DEPLOY / "prometheus-rules.yml").read_text())
ALERTS = [rule for group in RULES["groups"] for rule in group["rules"]]
DASHBOARD = json.loads((DEPLOY / "grafana-dashboard.json").read_text())
ASKED = [rule["expr"] for rule in ALERTS]
DRAWN = [target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]]
SERIES = re.compile(r"(collab_\w+)(?:\{(\w+)(?:=|!=)\"(\w+)\"\})?")
TOKEN = re.compile(
    r"\s*(?:collab_\w+(?:\{\w+(?:=|!=)\"\w+\"\})?(?:\[\d+[smhd]\])?|\d+|[()*]|==|>|<|or|by|absent|increase|max|rate|queue)"
)
DURATION = re.compile(r"^\d+[smhd]$")


def exported(client) -> dict[str, set[str]]:
    """Return each metric with the pairs of label and value that it has."""
    found: dict[str, set[str]] = {}
    for line in client.get("/metrics").content.decode().splitlines():
        if not line.startswith("#"):
            name, _brace, labels = line.split()[0].partition("{")
            found.setdefault(name, set()).add(labels.rstrip("}"))
    return found


@pytest.mark.parametrize("rule", ALERTS, ids=lambda rule: rule["alert"])
def test_each_rule_is_whole(rule):
    assert set(rule) - {"for"} == {"alert", "expr", "labels", "annotations"}
    assert re.match(r"^Collab[A-Z][A-Za-z]+$", rule["alert"])
    assert DURATION.match(str(rule.get("for", "1m")))
    assert rule["labels"]["severity"] in ("page", "warn")
    assert set(rule["annotations"]) == {"summary", "description"}
    assert all(text.endswith(".") for text in rule["annotations"].values())


def test_rules_and_panels_have_names_of_their_own():
    assert len({rule["alert"] for rule in ALERTS}) == len(ALERTS)
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])
    assert len({panel["title"] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])


@pytest.mark.parametrize("expression", ASKED + DRAWN)
def test_each_expression_is_made_of_known_words_and_closes_what_it_opens(expression):
    assert TOKEN.sub("", expression).strip() == ""
    assert [expression.count(one) for one in "([{"] == [expression.count(one) for one in ")]}"]


@pytest.mark.parametrize("expression", ASKED + DRAWN)
def test_what_is_asked_for_is_exported_under_that_label(db, client, expression):
    found = exported(client)
    series = SERIES.findall(expression)
    assert series
    for name, label, value in series:
        assert name in found
        if label:
            assert f'{label}="{value}"' in found[name]


def test_alerts_look_at_all_that_goes_wrong_with_publishing():
    named = {name for expression in ASKED for name, _label, _value in SERIES.findall(expression)}
    assert named >= {
        "collab_overdue_scheduled_seconds",
        "collab_deliveries",
        "collab_lease_expiries_total",
        "collab_due_scan_age_seconds",
        "collab_queue_depth",
        "collab_channel_login_ends_seconds",
    }


def test_panels_do_not_lie_over_each_other():
    cells = [
        (x, y)
        for panel in DASHBOARD["panels"]
        for place in [panel["gridPos"]]
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    ]
    assert len(set(cells)) == len(cells)
    assert max(x for x, _y in cells) < 24


def metric(client, series: str) -> str:
    lines = client.get("/metrics").content.decode().splitlines()
    (found,) = [line.rpartition(" ")[2] for line in lines if line.rpartition(" ")[0] == series]
    return found


def test_leases_that_run_out_are_counted(team, client):
    plan(team.acme, [fake_channel(team.acme, "D", "http://127.0.0.1:9")], "Kopi")
    series = 'collab_lease_expiries_total{kind="claim"}'
    before = int(metric(client, series))
    ledger.claim_due()
    Delivery.objects.update(lease_until=clock(-1))

    sweep()
    assert int(metric(client, series)) == before + 1
    sweep()
    assert int(metric(client, series)) == before + 1


@pytest.mark.services
def test_messages_that_wait_are_counted(db, client):
    series = 'collab_queue_depth{queue="media"}'
    with current_app.connection_for_write() as link:
        link.default_channel.queue_purge("media")
        assert metric(client, series) == "0"
        current_app.send_task("publishing.nothing", queue="media")
        current_app.send_task("publishing.nothing", queue="media")
        assert metric(client, series) == "2"
        link.default_channel.queue_purge("media")
