"""How a command started by hand finds a running Collab."""

from pathlib import Path
from urllib.parse import quote

import psycopg2.extensions

from collab.runtime.environment import load_environment, postgres_url
from collab.runtime.layout import Layout


def test_missing_variables_come_from_the_data_folder(tmp_path: Path):
    layout = Layout(tmp_path)
    layout.write_runtime(
        {
            "port": 8123,
            "url": "http://localhost:8123",
            "demo": "1",
            "postgres_socket_dir": "/tmp/x/s",
            "valkey_socket": "/tmp/x/v/valkey.sock",
        }
    )
    environ = {"PORT": "9000"}

    assert load_environment(tmp_path, environ) is True

    assert environ == {
        "PORT": "9000",
        "COLLAB_BASE_URL": "http://localhost:8123",
        "COLLAB_DATA_DIR": str(tmp_path),
        "COLLAB_DEMO": "1",
        "SECRET_KEY": layout.secret("secret-key"),
        "DATABASE_URL": f"postgresql://collab_app:{layout.secret('postgres-app')}@/collab?host=/tmp/x/s",
        "DATABASE_OWNER_URL": f"postgresql://collab_owner:{layout.secret('postgres-owner')}@/collab?host=/tmp/x/s",
        "DATABASE_ADMIN_URL": f"postgresql://postgres:{layout.secret('postgres-admin')}@/collab?host=/tmp/x/s",
        "BROKER_URL": "redis+socket:///tmp/x/v/valkey.sock?virtual_host=0",
        "LIVE_URL": "unix:///tmp/x/v/valkey.sock?db=1",
    }


def test_without_a_run_nothing_is_set_or_made(tmp_path: Path):
    environ: dict[str, str] = {}

    assert load_environment(tmp_path / "nowhere", environ) is False

    assert environ == {}
    assert not (tmp_path / "nowhere").exists()


def test_half_a_runtime_file_counts_as_none(tmp_path: Path):
    (tmp_path / "runtime.json").write_text('{"port": 81')

    assert load_environment(tmp_path, {}) is False


def test_database_url_keeps_the_case_of_folders_and_odd_passwords():
    url = postgres_url("collab_app", "a/b:c@d%", "/Users/Ana B/run")

    parts = psycopg2.extensions.parse_dsn(url)

    assert parts == {
        "user": "collab_app",
        "password": "a/b:c@d%",
        "dbname": "collab",
        "host": "/Users/Ana B/run",
    }
    assert quote("a/b:c@d%", safe="") in url
