"""Lets a command started by hand find the services of a running `make up`.

`load_environment(data_dir)` fills those of the variables below that are not set yet, from
`var/runtime.json` and `var/secrets/`, and says whether it found a run. Pure standard library.

    DATABASE_URL        postgresql://collab_app:…@/collab?host=/folder/of/the/socket   (libpq's own form)
    DATABASE_OWNER_URL  the same for collab_owner, who migrates
    DATABASE_ADMIN_URL  the same for the superuser, who makes roles and databases
    BROKER_URL          redis+socket:///folder/valkey.sock?virtual_host=0               (kombu's form)
    LIVE_URL            unix:///folder/valkey.sock?db=1                                 (redis-py's form)
    COLLAB_KEYS COLLAB_SEAL_KEY COLLAB_NEWSROOM_KEY    what lies in var/secrets, once it does
    SECRET_KEY PORT COLLAB_BASE_URL COLLAB_DATA_DIR COLLAB_DEMO
"""

import os
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from collab.runtime.layout import Layout, data_dir_from

DATABASE_NAME = "collab"
ROLE_SECRETS = {
    "DATABASE_URL": ("collab_app", "postgres-app"),
    "DATABASE_OWNER_URL": ("collab_owner", "postgres-owner"),
    "DATABASE_ADMIN_URL": ("postgres", "postgres-admin"),
}
SECRET_FILES = {
    "COLLAB_KEYS": "credential-keys",
    "COLLAB_SEAL_KEY": "seal-key",
    "COLLAB_NEWSROOM_KEY": "newsroom-key",
}


def postgres_url(role: str, password: str, socket_dir: Path | str, database: str = DATABASE_NAME) -> str:
    """Return a libpq URL for a Unix socket; the folder stands in the query, where its case is kept."""
    host = quote(str(socket_dir), safe="/")
    return f"postgresql://{role}:{quote(password, safe='')}@/{database}?host={host}"


def broker_url(socket: Path | str) -> str:
    return f"redis+socket://{quote(str(socket), safe='/')}?virtual_host=0"


def live_url(socket: Path | str) -> str:
    return f"unix://{quote(str(socket), safe='/')}?db=1"


def service_environment(layout: Layout, runtime: dict[str, Any]) -> dict[str, str]:
    """Return the variables that lead to the services which `runtime` describes."""
    found = {"COLLAB_DATA_DIR": str(layout.root), "SECRET_KEY": layout.secret("secret-key")}
    for variable, secret in SECRET_FILES.items():
        if (layout.root / "secrets" / secret).exists():
            found[variable] = layout.secret(secret)
    if "postgres_socket_dir" in runtime:
        for variable, (role, secret) in ROLE_SECRETS.items():
            found[variable] = postgres_url(role, layout.secret(secret), runtime["postgres_socket_dir"])
    if "valkey_socket" in runtime:
        found["BROKER_URL"] = broker_url(runtime["valkey_socket"])
        found["LIVE_URL"] = live_url(runtime["valkey_socket"])
    for variable, key in (("PORT", "port"), ("COLLAB_BASE_URL", "url"), ("COLLAB_DEMO", "demo")):
        if key in runtime:
            found[variable] = str(runtime[key])
    return found


def load_environment(
    data_dir: Path | str | None = None, environ: MutableMapping[str, str] | None = None
) -> bool:
    """Set the missing variables from the data folder; return whether a run has left its addresses there.

    What is set already wins. A folder that does not exist is not made.
    """
    environ = os.environ if environ is None else environ
    layout = Layout(Path(data_dir).absolute() if data_dir else data_dir_from(environ))
    runtime = layout.read_runtime()
    if not runtime:
        return False
    for variable, value in service_environment(layout, runtime).items():
        environ.setdefault(variable, value)
    return True
