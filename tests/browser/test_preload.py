"""A page with a chart and a table finds the scripts that draw them."""

from contextlib import ExitStack

from playwright.sync_api import Page, expect

from dashboard.ui import preload


def test_the_scripts_of_charts_and_tables_are_loaded_on_home_and_not_again(page: Page):
    fetched = []
    page.on("request", lambda request: fetched.append(request.url.rpartition("/")[2]))
    with ExitStack() as responses:
        for name in preload.scripts():
            responses.enter_context(page.expect_response(lambda response, name=name: response.url.endswith(name)))
        page.goto("/")
    page.get_by_test_id("stSidebarNav").get_by_role("link", name="Backbones", exact=True).click()
    expect(page.locator(".js-plotly-plot .main-svg").first).to_be_visible()
    expect(page.get_by_test_id("stDataFrame").first).to_be_visible()
    assert [fetched.count(name) for name in preload.scripts()] == [1, 1]
