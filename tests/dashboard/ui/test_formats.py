"""Numbers as a person writes them."""

from dashboard.ui import formats


def test_numbers_are_written_as_a_person_writes_them():
    assert formats.learning_rate(1e-5) == "1e-5"
    assert formats.learning_rate(0.001) == "0.001"
    assert (formats.storage(1.23e9), formats.storage(345e6)) == ("1.2 GB", "345 MB")
