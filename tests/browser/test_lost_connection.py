"""A browser whose Wi-Fi fails comes back to the page it was on, even if the server has forgotten its session."""

import re

from playwright.sync_api import Page, expect

from tests.browser.conftest import DRAWN

FORGOTTEN = """window.WebSocket = class extends WebSocket {
    constructor(url, [protocol, token]) {  // and not, thirdly, the session that it had
        super(url, [protocol, token]);
        window.connection = this;
    }
}"""


def test_a_page_waits_for_its_connection_and_takes_the_first_press_after_it(page: Page):
    page.add_init_script(FORGOTTEN)
    page.goto("/train?backbones=Tiny&n_train=300")
    page.get_by_text("From scratch", exact=True).click()
    expect(page).to_have_url(re.compile("method=scratch"))

    page.context.set_offline(True)
    page.evaluate("connection.close()")
    expect(page.get_by_role("dialog")).to_be_visible()
    expect(page.get_by_text("streamlit run")).to_be_hidden()
    page.context.set_offline(False)
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(page.locator(DRAWN)).to_be_visible()
    page.get_by_text("Fine-tune", exact=True).click()
    expect(page).to_have_url(re.compile("n_train=300.*method=finetune"))
