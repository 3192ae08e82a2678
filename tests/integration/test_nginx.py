"""A real nginx with the site of deploy/nginx.conf, in front of a real `webhooks`."""

import asyncio
import re
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import ClientError, ClientSession, TCPConnector

from cli.lab.ports import free_port
from tests.integration.edge import running, settings
from tests.integration.tls_front import make_certificate
from tests.until import until

SITE = Path(__file__).parents[2] / "deploy" / "nginx.conf"
NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
needs_nginx = pytest.mark.skipif(NGINX is None, reason="nginx is not installed")


@asynccontextmanager
async def nginx(folder: Path, upstream_port: int) -> AsyncIterator[str]:
    """Run the site on a free port. All that it logs is in the folder."""
    certificate = make_certificate(folder)
    port = free_port()
    site = SITE.read_text(encoding="utf-8")
    site = re.sub(r"listen (\[::\]:)?80;", f"listen 127.0.0.1:{free_port()};", site, count=1)
    site = re.sub(r"listen \[::\].*;", "", site)
    site = site.replace("listen 443 ssl http2;", f"listen 127.0.0.1:{port} ssl http2;")
    site = site.replace("127.0.0.1:8080", f"127.0.0.1:{upstream_port}")
    site = re.sub(r"ssl_certificate /.*;", f"ssl_certificate {certificate.path};", site)
    site = re.sub(r"ssl_certificate_key /.*;", f"ssl_certificate_key {certificate.key};", site)
    (folder / "site.conf").write_text(site)
    (folder / "nginx.conf").write_text(
        f"pid {folder}/pid; error_log {folder}/error.log info; daemon off; events {{}}\n"
        f"http {{ access_log {folder}/access.log; include {folder}/site.conf; }}\n"
    )
    process = await asyncio.create_subprocess_exec(
        NGINX or "nginx", "-c", str(folder / "nginx.conf"), "-e", str(folder / "error.log")
    )
    try:
        yield f"https://127.0.0.1:{port}"
    finally:
        process.terminate()
        await process.wait()


@needs_nginx
async def test_three_paths_come_through_and_no_log_holds_a_payment_link(redis_url: str, tmp_path: Path) -> None:
    async with (
        running(settings(redis_url, PUBLIC_URL="http://127.0.0.1:1")) as edge,
        nginx(tmp_path, edge.url.port or 0) as url,
        ClientSession(connector=TCPConnector(ssl=False)) as http,
    ):

        async def status(path: str) -> int:
            async with http.get(url + path) as response:
                return response.status

        async def answers() -> bool:
            try:
                return bool(await status("/"))
            except ClientError:
                return False

        await until(answers)
        seen = {
            path: await status(path)
            for path in (
                "/webhooks/paddle",
                "/mail/resend",
                "/pay/a-secret-token",
                "/metrics",
                "/healthz",
                "/readyz",
                "/",
            )
        }
        async with (
            http.get(f"{url}/pay/a-secret-token") as through,
            http.get(edge.url / "pay/a-secret-token") as direct,
        ):
            assert await through.text() == await direct.text()
        await edge.runner.cleanup()
        assert await status("/pay/a-secret-token") == 502

    # 405: only a POST is answered there. 404 at /pay is the page's own, of a link that is none of ours.
    assert list(seen.values()) == [405, 405, 404, 404, 404, 404, 404]
    logged = _logs(tmp_path)
    assert "a-secret-token" not in logged
    assert "webhooks/paddle" not in logged


def _logs(folder: Path) -> str:
    return "".join(path.read_text(errors="replace") for path in folder.glob("*.log"))
