"""A lecture with two learners, in three browsers on one server."""

import re
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from dashboard.classroom.following import SCRIPT
from tests.browser.conftest import LOGGED_PLAINLY, PATIENCE, ROOT, UNCAUGHT, Server, started

ASKING = """async (script) => {
    const { default: watch } = await import(URL.createObjectURL(new Blob([script], { type: "text/javascript" })));
    Object.assign(window, { mark: "0", fetched: 0, asked: [] });
    window.fetch = async () => (window.fetched++, { ok: true, text: async () => window.mark });
    Object.defineProperty(document, "hidden", { get: () => window.away, configurable: true });
    window.away = true;
    const setTriggerValue = (_, mark) => window.asked.push(mark);
    window.drawn = (seen) => watch({ parentElement: document.body, data: { path: "/", seen }, setTriggerValue });
    window.drawn("0");
}"""
SHORT_RUN = "/train?backbones=Tiny&n_train=100&n_test=100"


@pytest.fixture(scope="module")
def server(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The server of a class."""
    folder = tmp_path_factory.mktemp("class")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BACKBONE_LAB_MODE", "class")
        with started(ROOT / "dashboard" / "app.py", folder, LOGGED_PLAINLY) as server:
            yield server


@pytest.fixture(autouse=True)
def browsers_are_closed(browser: Browser) -> Iterator[None]:
    """Nobody of one lecture is in the next."""
    yield
    for context in browser.contexts:
        context.close()


def arrives(browser: Browser, server: Server, address: str = "/") -> Page:
    """A browser that nobody has used."""
    page = browser.new_context(base_url=server.url, viewport={"width": 1366, "height": 768}).new_page()
    page.set_default_timeout(PATIENCE)
    page.goto(address)
    return page


def joins(page: Page, code: str, name: str) -> None:
    """Fill in the form and send it."""
    page.get_by_label("Code").fill(code)
    page.get_by_label("Your name").fill(name)
    page.get_by_role("button", name="Join").click()


def lectures(browser: Browser, server: Server) -> tuple[Page, str]:
    """The lecturer's browser, on the page Class, and the code of the class."""
    link = urlsplit(re.search(r"The lecturer opens (\S+)", server.log.read_text())[1])
    lecturer = arrives(browser, server, f"{link.path}?{link.query}")
    code = lecturer.get_by_role("heading", name=re.compile(r"^\w{3} \w{3}$")).inner_text()
    assert link.query not in lecturer.url
    expect(lecturer.get_by_text("Starting the engine")).to_have_count(0, timeout=3 * PATIENCE)
    return lecturer, code


def test_two_learners_join_and_only_the_owner_and_the_lecturer_change_a_run(browser: Browser, server: Server):
    lecturer, code = lectures(browser, server)

    ada = arrives(browser, server, SHORT_RUN)
    joins(ada, code, "Ada")
    expect(ada.get_by_text("You are Ada.")).to_be_visible()
    expect(ada.get_by_text("Class", exact=True)).to_have_count(0)
    ada.get_by_role("button", name="Start").click()
    ada.get_by_role("link", name="Open this run").click()
    expect(ada.get_by_role("button", name="Remove", exact=True)).to_be_visible()
    ada.wait_for_url(re.compile(r"/run\?"))
    run = ada.url[len(server.url) :]

    ben = arrives(browser, server, run)
    joins(ben, code, "ada")
    expect(ben.get_by_role("alert")).to_contain_text("The name ada is taken")
    joins(ben, code, "Ben")
    expect(ben.get_by_role("heading", name="Run", level=1)).to_be_visible()
    expect(ben.get_by_role("tab", name="Result")).to_be_visible()
    expect(ben.get_by_role("button", name="Remove", exact=True)).to_have_count(0)

    expect(lecturer.get_by_text("Ada 1 run")).to_be_visible()
    lecturer.get_by_text("Learners see each other's work").click()
    expect(lecturer.get_by_role("switch", name="Learners see each other's work")).not_to_be_checked()
    ben.reload()
    expect(ben.get_by_text("Run: ")).to_contain_text("is not among your runs")
    ada.reload()
    expect(ada.get_by_role("button", name="Remove", exact=True)).to_be_visible()

    lecturer.get_by_role("button", name="Free the name").first.click()
    expect(lecturer.get_by_role("heading", name="1 learner")).to_be_visible()
    ada.reload()
    expect(ada.get_by_role("heading", name="Join the class")).to_be_visible()
    lecturer.goto(run)
    expect(lecturer.get_by_role("button", name="Remove", exact=True)).to_be_visible()
    assert UNCAUGHT not in server.log.read_text()


def test_a_learner_follows_the_lecturer_leaves_and_opens_what_is_handed_out(
    browser: Browser, server: Server, measured: dict[str, str]
):
    lecturer, code = lectures(browser, server)
    cleo = arrives(browser, server, "/train?method=knn&neighbours=3")
    joins(cleo, code, "Cleo")
    expect(cleo.get_by_label("Neighbours")).to_have_value("3")
    lecturer.get_by_text("Follow me").click()
    cleo.get_by_role("button", name="Follow").click()
    expect(cleo.get_by_text("You follow the lecturer.")).to_be_visible()

    lecturer.get_by_role("link", name="Anatomy", exact=True).click()
    expect(cleo.get_by_role("heading", name="Anatomy", level=1)).to_be_visible()
    expect(lecturer.get_by_role("combobox", name="Types")).to_be_visible()  # drawn whole, with all that it keeps
    lecturer.get_by_role("link", name="Data", exact=True).click()
    for tab in ("Origin", "Odd images"):  # kept in the address by the tabs themselves
        lecturer.get_by_role("tab", name=tab).click()
        expect(cleo.get_by_role("tab", name=tab)).to_have_attribute("aria-selected", "true")
    lecturer.get_by_role("link", name="Train", exact=True).click()
    expect(cleo.get_by_role("heading", name="Train", level=1)).to_be_visible()
    expect(cleo.get_by_label("Neighbours")).to_have_count(0)  # Cleo's own choice
    began = time.monotonic()
    lecturer.get_by_role("main").get_by_role("radio", name="Fine-tune").click()
    cleo.wait_for_url(re.compile("method=finetune"))
    measured["a follower's page moves, from the lecturer's click"] = f"{time.monotonic() - began:.2f} s"

    lecturer.get_by_role("button", name="Hand out").click()
    lecturer.get_by_label("What learners should do here").fill("Fine-tune *two* blocks")
    lecturer.get_by_role("button", name="Hand out this page").click()
    expect(cleo.get_by_text("Fine-tune *two* blocks")).to_be_visible()
    cleo.get_by_role("button", name="Leave").click()
    expect(cleo.get_by_label("Neighbours")).to_have_value("3")
    lecturer.get_by_role("link", name="Compare", exact=True).click()
    expect(lecturer.get_by_role("heading", name="Compare", level=1)).to_be_visible()
    expect(cleo.get_by_role("button", name="Follow")).to_be_visible()
    cleo.get_by_role("button", name="Open it").click()
    cleo.wait_for_url(re.compile("method=finetune"))
    lecturer.get_by_role("button", name="Withdraw").click()
    expect(cleo.get_by_text("Fine-tune *two* blocks")).to_have_count(0)
    assert UNCAUGHT not in server.log.read_text()


def test_a_browser_asks_once_for_a_page_again_only_when_that_is_late_and_not_in_the_background(browser: Browser):
    page = browser.new_context().new_page()
    page.clock.install(time=0)
    page.evaluate(ASKING, SCRIPT)
    page.evaluate("window.mark = '1'")
    page.clock.run_for(5000)
    assert page.evaluate("window.fetched") == 0
    page.evaluate("window.away = false; document.dispatchEvent(new Event('visibilitychange'))")
    page.clock.run_for(5000)
    page.evaluate("window.mark = '2'")
    page.clock.run_for(3000)
    assert page.evaluate("window.asked") == ["1"]
    page.clock.run_for(5000)
    assert page.evaluate("window.asked") == ["1", "2"]
    page.evaluate("window.drawn('2'); window.mark = '3'")
    page.clock.run_for(2000)
    assert page.evaluate("window.asked") == ["1", "2", "3"]
