"""Fewer bits on the page of a run: from the button to the images that change their answer."""

from core.export import quantization as measuring
from dashboard.run import quantization
from tests.pages.conftest import wait


def test_a_network_is_measured_in_fewer_bits_and_compared_with_float32(visit, used):
    page = visit("run", run=used[0], view=quantization.TAB)
    next(button for button in page.button if button.label == "Measure in fewer bits").click().run()
    wait(page, lambda: len(page.dataframe))
    measured = measuring.find(used[0])
    assert page.dataframe[0].value["Bits"].tolist() == list(measuring.KINDS.values())
    page.segmented_control(key="bits").set_value("calibrated").run()
    page.button(key="make-litert-calibrated").click().run()
    wait(page, lambda: any("int8" in button.label for button in page.get("download_button")))
    assert any("what was measured on 100 test images" in each.value for each in page.main.caption)
    changed = len(measured.changed("calibrated"))
    words = [*page.main.markdown, *page.main.caption]
    expected = f"{changed} image" if changed else "same answer as float32"
    assert any(expected in each.value for each in words)
    assert any("McNemar" in each.value for each in page.main.caption)
