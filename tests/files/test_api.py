"""Files over REST."""

import pytest

from files.models import Media


@pytest.fixture
def api(client_as, cast):
    """Return a browser session of a member on the API."""
    return lambda name: client_as(getattr(cast, name))


def test_a_file_is_taken_in_and_listed(api, cast, picture):
    ben = api("ben")

    made = ben.post("/api/v1/w/acme/media/", {"file": picture(), "alt": "A cup"})

    assert made.status_code == 201, made.content
    body = made.json()
    assert {name: body[name] for name in ("kind", "status", "alt", "width", "duration_ms")} == {
        "kind": "image",
        "status": "processing",
        "alt": "A cup",
        "width": None,
        "duration_ms": None,
    }
    assert [row["id"] for row in ben.get("/api/v1/w/acme/media/").json()["results"]] == [body["id"]]
    assert ben.get(f"/api/v1/w/acme/media/{body['id']}/").json()["status"] == "processing"


def test_what_is_no_picture_answers_a_problem(api, cast):
    from django.core.files.uploadedfile import SimpleUploadedFile

    answer = api("ben").post("/api/v1/w/acme/media/", {"file": SimpleUploadedFile("a.svg", b"<svg></svg>")})

    assert (answer.status_code, answer.json()["code"]) == (422, "unsafe_media")
    assert answer["Content-Type"] == "application/problem+json"


def test_a_viewer_may_look_and_not_upload(api, cast, picture):
    vera = api("vera")

    assert vera.get("/api/v1/w/acme/media/").status_code == 200
    answer = vera.post("/api/v1/w/acme/media/", {"file": picture()})
    assert (answer.status_code, answer.json()["why"]["verb"]) == (403, "files.media.upload")


def test_files_of_another_workspace_are_not_there(api, cast, picture, scope_of):
    made = api("ben").post("/api/v1/w/acme/media/", {"file": picture()}).json()

    assert api("eve").get(f"/api/v1/w/other/media/{made['id']}/").status_code == 404
    with scope_of(cast.eve):
        assert Media.objects.count() == 0
