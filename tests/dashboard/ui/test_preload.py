"""What is loaded ahead is there in this version of Streamlit."""

from dashboard.ui import preload


def test_each_script_is_a_file_that_streamlit_serves():
    names = preload.scripts()
    assert [name.split(".")[0] for name in names] == list(preload.NEEDED)
    assert all((preload.FILES / name).stat().st_size > 100_000 for name in names)  # what is worth loading ahead
