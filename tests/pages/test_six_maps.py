"""Six maps runs the book's experiment: a probe, a fine-tune from its head, and six maps of what that changed."""

from core import runs
from tests.pages.conftest import said, wait

ADDRESS = {"backbones": "Tiny", "input_size": "32", "n_train": "250", "n_images": "100", "epochs": "1"}


def test_before_a_press_it_says_what_will_happen(visit):
    page = visit("six_maps", **ADDRESS)
    assert "learns from 50 images, a fifth" in said(page)
    assert "learns from 200 others" in said(page)
    assert "100 test images" in said(page)
    assert not page.main.get("bidi_component")


def test_one_press_gives_both_runs_and_six_maps(visit):
    page = visit("six_maps", **ADDRESS)
    next(button for button in page.main.button if button.label == "Run the experiment").click().run()
    wait(page, lambda: page.main.get("bidi_component"))
    table = runs.table(runs.rows()).set_index("train_split")
    probe, tune = table.loc["probe20"], table.loc["finetune80"]
    assert tune["start"] == probe["run_id"]
    assert f"{100 * probe['accuracy']:.1f} %" in said(page)
    assert "frozen backbone" in said(page) and "test images" in said(page)
    assert len(page.main.table[0].value) == 6
