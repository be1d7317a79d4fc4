from dashboard.maps import selection_panel
from dashboard.ui import formats


def test_a_class_name_is_shown_as_it_is_and_not_as_markdown():
    name = "*a* $b$"
    assert formats.plain(name) != name
    assert selection_panel.sentence({name: 3}) == f"**3 images**, all of class {formats.plain(name)}"
    assert selection_panel.sentence({name: 3, "dog": 1}).endswith(f"2 classes; 75.0 % are {formats.plain(name)}")
