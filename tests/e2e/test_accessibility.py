"""Every page of every role, looked over by axe-core, in both languages and in the dark."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from dashboards import shell
from ecrm_core.models import Role
from tests.conftest import CAST
from tests.e2e.conftest import Watch, log_in, settled

GRAVE = {"serious", "critical"}
WHO = {"siti": Role.TELEMARKETER, "ratna": Role.MANAGER, "agus": Role.ADMIN}
RECORDS = {"customer": "customer?code=C000001", "order": "order?number=P0000001"}
"""Pages of one record, with the record to look at."""


def addresses(role: Role) -> Iterator[str]:
    for entry in shell.PAGES:
        if role in entry.roles:
            yield RECORDS.get(entry.path, entry.path)


# Colours are judged where they come to rest, not on their way from light to dark.
AT_REST = """async () => {
  const frame = () => new Promise(done => requestAnimationFrame(done));
  const moving = root => [
    ...root.getAnimations().filter(each => each instanceof CSSTransition && each.playState === "running"),
    ...[...root.querySelectorAll("*")].flatMap(each => each.shadowRoot ? moving(each.shadowRoot) : []),
  ];
  await frame();
  await frame();
  await Promise.allSettled(moving(document).map(each => each.finished));
}"""


def grave(page: Page) -> list[str]:
    """What a person with a screen reader, or without good eyes, could not use."""
    page.evaluate(AT_REST)
    found = Axe().run(page).response["violations"]
    return [
        f"{each['id']}: {node['target']} {node['html'][:120]}"
        for each in found
        if each["impact"] in GRAVE
        for node in each["nodes"]
    ]


@pytest.mark.parametrize("who", WHO)
@pytest.mark.parametrize(
    ("width", "language", "scheme"), [(1366, "id", "light"), (1366, "en", "dark"), (390, "id", "dark")]
)
def test_no_page_keeps_anybody_out(
    browser: Browser, address: str, watch: Watch, who: str, width: int, language: str, scheme: str
) -> None:
    context = browser.new_context(viewport={"width": width, "height": 768}, color_scheme=scheme)  # type: ignore[arg-type]
    page = context.new_page()
    watch.over(page)
    log_in(page, address, who)
    settled(page)
    if language == "en":
        page.get_by_role("button", name="Ganti bahasa ke Inggris").click()
        page.locator("html[lang=en]").wait_for()
    faults = {}
    for target in addresses(WHO[who]):
        page.goto(f"{address}/{target}")
        settled(page)
        faults[target] = grave(page)
        wide = page.evaluate("document.documentElement.scrollWidth")
        if wide > width:
            faults[target].append(f"{wide} pixels wide on a screen of {width}")
    context.close()
    assert {target: each for target, each in faults.items() if each} == {}
    assert CAST[who][1] is WHO[who]


def test_the_log_in_keeps_nobody_out(page: Page, address: str) -> None:
    page.goto(f"{address}/login")
    page.locator("#username").wait_for()
    assert grave(page) == []
