"""The door in a real browser: log-in, log-out on every tab, the back button, links, and a cut connection."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, expect

import ecrm_core as ecrm
from ecrm_core.services.login import make_login_link
from tests.e2e.conftest import ARGUMENTS, CHROMIUM
from tests.security.conftest import PASSWORD, give_passwords

# The program with a page of the simplest kind: what is tried here is the door.
PROGRAM = """
import sys
import panel as pn
import ecrm_core
from dashboards.serve import serve_company

def render(visit):
    return pn.pane.Str(f"halaman {visit.username}")

serve_company(ecrm_core.connect(), port=int(sys.argv[1]), paths=("home",), render=render,
              on_ready=lambda address: print(address, flush=True))
"""


@dataclass
class Program:
    """The program as a process of its own, which can be ended and begun again."""

    address: str
    port: int
    folder: Path
    repo: Path
    process: subprocess.Popen[str] | None = None

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, str(self.port)],
            cwd=self.repo,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "ECRM_DATABASE_URL": self.address, "XDG_DATA_HOME": str(self.folder)},
        )
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == f"{self.base}/\n"

    def stop(self) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(60)
            self.process = None


@pytest.fixture(scope="module")
def program(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory, repo: Path) -> Iterator[Program]:
    folder = tmp_path_factory.mktemp("door")
    path = folder / "company.db"
    path.write_bytes(sqlite_template.read_bytes())
    crm = ecrm.connect(f"sqlite:///{path}")
    give_passwords(crm)
    crm.close()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    program = Program(f"sqlite:///{path}", port, folder / "data", repo)
    program.start()
    yield program
    program.stop()


@pytest.fixture(scope="module")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    """Chromium as people have it: it keeps left pages in memory, which Playwright's own settings forbid."""
    browser = playwright.chromium.launch(
        executable_path=CHROMIUM,
        args=ARGUMENTS,
        ignore_default_args=["--disable-back-forward-cache"],
    )
    yield browser
    browser.close()


@pytest.fixture
def visitor(chromium: Browser, program: Program) -> Iterator[BrowserContext]:
    """A browser that fails the test on any request to another machine and any error of a script."""
    context = chromium.new_context(base_url=program.base)
    wrong: list[str] = []

    def watch(page: Page) -> None:
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda said: wrong.append(said.text) if "Security Policy" in said.text else None)

    context.on("page", watch)
    context.on(
        "request",
        lambda request: None if request.url.startswith((program.base, "blob:", "data:")) else wrong.append(request.url),
    )
    yield context
    context.close()
    assert wrong == []


def log_in(page: Page, password: str = PASSWORD) -> None:
    page.get_by_label("Nama pengguna").fill("siti")
    page.get_by_label("Kata sandi").fill(password)
    page.get_by_role("button", name="Masuk").click()


def log_out(page: Page) -> None:
    """What the button in the frame does."""
    page.evaluate(
        """() => {
            const token = document.cookie.match(/_xsrf=([^;]*)/)[1];
            const form = Object.assign(document.createElement("form"), { method: "post", action: "./logout" });
            const input = Object.assign(document.createElement("input"), { name: "_xsrf", value: token });
            form.append(input);
            document.body.append(form);
            form.submit();
        }"""
    )


def test_in_and_out_on_every_tab(visitor: BrowserContext, program: Program) -> None:
    page = visitor.new_page()
    page.goto("/home?x=1")
    log_in(page, "salah")
    expect(page.get_by_role("alert")).to_have_text("Nama pengguna atau kata sandi tidak cocok. Periksa lalu coba lagi.")
    expect(page.get_by_label("Nama pengguna")).to_have_value("siti")
    expect(page.get_by_label("Kata sandi")).to_be_focused()
    log_in(page)
    expect(page).to_have_url(program.base + "/home?x=1")
    expect(page.get_by_text("halaman siti")).to_be_visible()
    other = visitor.new_page()
    other.goto("/home")
    expect(other.get_by_text("halaman siti")).to_be_visible()

    log_out(page)
    expect(page).to_have_url(program.base + "/login")
    expect(other).to_have_url(program.base + "/login?next=%2Fhome")

    page.go_back()
    expect(page.get_by_label("Kata sandi")).to_be_visible()
    expect(page.get_by_text("halaman siti")).to_have_count(0)


def test_a_page_left_by_a_link_is_not_shown_again_from_memory(visitor: BrowserContext) -> None:
    page = visitor.new_page()
    page.goto("/home")
    log_in(page)
    expect(page.get_by_text("halaman siti")).to_be_visible()
    page.goto("/healthz")  # left with the connection open, not by logging out
    visitor.request.get("/signed-in")
    visitor.clear_cookies(name="sid")
    page.go_back()
    expect(page.get_by_label("Kata sandi")).to_be_visible()
    expect(page.get_by_text("halaman siti")).to_have_count(0)


def test_a_link_is_followed_by_one_click(visitor: BrowserContext, program: Program) -> None:
    crm = ecrm.connect(program.address)
    link = make_login_link(crm, "siti", minutes=5)
    crm.close()
    page = visitor.new_page()
    page.goto(f"/login?link={link}")
    expect(page).to_have_url(program.base + "/home")
    expect(page.get_by_text("halaman siti")).to_be_visible()
    log_out(page)
    expect(page.get_by_label("Kata sandi")).to_be_visible()
    page.goto(f"/login?link={link}")
    expect(page.get_by_role("alert")).to_contain_text("sudah dipakai")


def test_everything_works_without_scripts(chromium: Browser, program: Program) -> None:
    crm = ecrm.connect(program.address)
    link = make_login_link(crm, "siti", minutes=5)
    crm.close()
    context = chromium.new_context(
        base_url=program.base, java_script_enabled=False, viewport={"width": 390, "height": 844}
    )
    page = context.new_page()
    page.goto(f"/login?link={link}")
    page.get_by_role("link", name="English").click()
    expect(page.get_by_text("This link works once.")).to_be_visible()
    page.get_by_role("button", name="Log in").click()
    expect(page).to_have_url(program.base + "/home")
    context.clear_cookies(name="sid")
    page.goto("/login?lang=id")
    assert page.locator("h1").inner_text() == "Toko TV Nusantara"
    log_in(page)
    expect(page).to_have_url(program.base + "/home")
    context.close()


def test_a_cut_connection_is_told_and_mends_itself(visitor: BrowserContext, program: Program) -> None:
    page = visitor.new_page()
    page.goto("/home")
    log_in(page)
    expect(page.get_by_text("halaman siti")).to_be_visible()
    program.stop()
    bar = page.get_by_role("status").filter(has_text=re.compile("^Terputus"))
    expect(bar).to_be_visible()
    program.start()
    expect(bar).to_have_count(0)
    expect(page.get_by_text("halaman siti")).to_be_visible()


def test_a_connection_that_lost_its_place_begins_anew(visitor: BrowserContext) -> None:
    """What Bokeh does when it was cut within a message: it closes with a code that browsers refuse."""
    page = visitor.new_page()
    page.goto("/home")
    log_in(page)
    expect(page.get_by_text("halaman siti")).to_be_visible()
    with page.expect_navigation():
        page.evaluate("new WebSocket(location.href.replace('http', 'ws')).close(1002, 'cut short')")
    expect(page.get_by_text("halaman siti")).to_be_visible()
