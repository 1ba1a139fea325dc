"""Pages of the roof: the interface description, and the demo's mailbox, which exists in the demo only."""

from core.mail import send


def test_the_schema_names_the_posts_and_their_rights(client, db):
    answer = client.get("/api/schema/")
    assert answer.status_code == 200
    assert "/api/v1/w/{workspace}/members/" in answer.json()["paths"]


def test_the_docs_show_every_path_of_the_schema(client, db):
    paths = client.get("/api/schema/").json()["paths"]
    page = client.get("/api/docs/").content.decode()
    assert [path for path in paths if path not in page] == []


def test_the_mailbox_is_hidden_outside_the_demo(client, db, settings):
    settings.DEMO = False
    assert client.get("/dev/mail/").status_code == 404


def test_the_mailbox_shows_what_was_sent(client, db, settings, tmp_path):
    settings.DEMO = True
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    settings.EMAIL_FILE_PATH = tmp_path
    send(
        to=["ben@acme.test"], subject="Approved: Harvest Blend", text="Cleo approved it.\nSee http://x.test/1"
    )
    send(to=["ana@acme.test"], subject="A second one", text="Second <b>text</b>")
    page = client.get("/dev/mail/").content.decode()
    assert "Approved: Harvest Blend" in page
    assert "Second &lt;b&gt;text&lt;/b&gt;" in page
