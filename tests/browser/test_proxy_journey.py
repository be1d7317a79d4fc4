"""A class behind nginx with the configuration of docs/nginx.conf: TLS, a path, websockets, uploads."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from dashboard.map_view import routes
from tests.browser.conftest import LOGGED_PLAINLY, PATIENCE, ROOT, UNCAUGHT, Server, free_port, started

NGINX = shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin:/opt/homebrew/bin")
LARGER_THAN_NGINX_ALLOWS = 2_000_000  # bytes; by default 1 MB
MAIN = """daemon off;
user root; # ignored for anybody else
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/lab.conf;
}}
"""


@pytest.fixture(scope="module")
def server(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The server of a class, which is shown at /lab1."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BACKBONE_LAB_MODE", "class")
        options = (LOGGED_PLAINLY, "--server.baseUrlPath=lab1")
        with started(ROOT / "dashboard" / "app.py", tmp_path_factory.mktemp("class"), *options) as server:
            yield server


@pytest.fixture(scope="module")
def proxy(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address at which nginx shows it."""
    if NGINX is None:
        pytest.skip("nginx is not installed")
    folder, port = tmp_path_factory.mktemp("nginx"), free_port()
    certificate, key = folder / "cert.pem", folder / "key.pem"
    subject = ["-subj", "/CN=localhost", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", *subject], check=True, capture_output=True
    )
    text = (ROOT / "docs" / "nginx.conf").read_text()
    for before, after in {
        "443": str(port),
        "lab.school.example": "localhost",
        "127.0.0.1:8501": server.url.removeprefix("http://"),
        "/etc/ssl/certs/lab.pem": str(certificate),
        "/etc/ssl/private/lab.key": str(key),
    }.items():
        assert before in text
        text = text.replace(before, after)
    (folder / "lab.conf").write_text(text)
    (folder / "nginx.conf").write_text(MAIN.format(folder=folder))
    process = subprocess.Popen([NGINX, "-c", str(folder / "nginx.conf")], stderr=subprocess.PIPE)
    yield f"https://localhost:{port}/lab1"
    process.terminate()
    process.wait()


def test_a_learner_joins_and_uploads_through_nginx(browser: Browser, server: Server, proxy: str, tmp_path: Path):
    code = re.search(r"enter the code (\w{3} \w{3})", server.log.read_text())[1]
    context = browser.new_context(ignore_https_errors=True, viewport={"width": 1366, "height": 768})
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    page.goto(f"{proxy}/data")
    page.get_by_label("Code").fill(code)
    page.get_by_label("Your name").fill("Ada")
    page.get_by_role("button", name="Join").click()
    expect(page.get_by_text("You are Ada.")).to_be_visible()
    assert page.url.startswith(f"{proxy}/data")
    assert page.evaluate("performance.getEntriesByType('navigation')[0].nextHopProtocol") == "h2"
    (kept,) = [each for each in context.cookies() if each["name"] == "backbone-lab"]
    assert kept["secure"] and kept["path"] == "/lab1"

    module = f"{proxy}/lab/map_view/{routes.version()}/view.js"
    assert page.request.get(module, ignore_https_errors=True).ok
    page.get_by_role("button", name="Add images").click()
    (tmp_path / "images.zip").write_bytes(bytes(LARGER_THAN_NGINX_ALLOWS))
    with page.expect_response(lambda answer: "/_stcore/upload_file/" in answer.url) as sent:
        page.locator("input[type=file]").set_input_files(tmp_path / "images.zip")
    assert sent.value.ok and sent.value.url.startswith(proxy)
    assert UNCAUGHT not in server.log.read_text()
    context.close()
