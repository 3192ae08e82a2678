"""Each file in deploy/, read by the tool that it is for, where that tool is installed."""

import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

DEPLOY = Path(__file__).parents[2] / "deploy"
# Those that pip brings stand beside Python, and nginx where only root looks.
PLACES = f"{Path(sys.executable).parent}:/usr/sbin"


def tool(name: str) -> str:
    """Give the path of a tool, or skip the test."""
    path = shutil.which(name) or shutil.which(name, path=PLACES)
    if path is None:
        pytest.skip(f"{name} is not installed")
    return path


def accepts(*command: str) -> None:
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr


def self_signed(folder: Path) -> Sequence[str]:
    """Make a certificate and its key."""
    made = str(folder / "certificate.pem"), str(folder / "key.pem")
    name = ("-subj", "/CN=billing.example.com", "-days", "2", "-nodes", "-newkey", "rsa:2048")
    accepts(tool("openssl"), "req", "-x509", *name, "-out", made[0], "-keyout", made[1])
    return made


@pytest.mark.parametrize("unit", sorted(DEPLOY.glob("*.service")), ids=lambda path: path.name)
def test_systemd_takes_the_units(unit: Path, tmp_path: Path) -> None:
    """It asks for the command to be there, so another that is there stands in for it."""
    text, replaced = re.subn(r"/opt/dunning/bin/dunning\b", shutil.which("true") or "", unit.read_text())
    assert replaced
    (tmp_path / unit.name).write_text(text)

    accepts(tool("systemd-analyze"), "verify", "--man=no", str(tmp_path / unit.name))


def test_nginx_takes_the_site(tmp_path: Path) -> None:
    certificate, key = self_signed(tmp_path)
    site = (DEPLOY / "nginx.conf").read_text()
    for name, there in (("fullchain", certificate), ("privkey", key)):
        site = site.replace(f"/etc/letsencrypt/live/billing.example.com/{name}.pem", there)
    (tmp_path / "site.conf").write_text(site)
    folders = " ".join(
        f"{kind}_temp_path {tmp_path}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (tmp_path / "nginx.conf").write_text(
        f"pid {tmp_path}/pid; error_log stderr; events {{}} http {{ {folders} include {tmp_path}/site.conf; }}"
    )

    accepts(tool("nginx"), "-t", "-q", "-c", str(tmp_path / "nginx.conf"), "-e", "stderr")


def test_caddy_takes_the_site() -> None:
    accepts(tool("caddy"), "validate", "--adapter", "caddyfile", "--config", str(DEPLOY / "Caddyfile"))


def test_hadolint_has_nothing_to_say_of_the_image() -> None:
    accepts(tool("hadolint"), str(DEPLOY / "Dockerfile"))


def test_kubernetes_takes_the_manifests() -> None:
    accepts(tool("kubernetes-validate"), "--strict", str(DEPLOY / "kubernetes.yaml"))


def test_prometheus_takes_the_rules() -> None:
    accepts(tool("promtool"), "check", "rules", str(DEPLOY / "alerts.yaml"))
