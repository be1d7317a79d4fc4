"""The home folder of a benchmark, in one that need not be there yet."""

from core import settings
from core.bench.empty_home import empty_home


def test_it_is_made_in_a_home_folder_that_is_new_and_is_gone_afterwards(tmp_path, monkeypatch):
    monkeypatch.setenv("BACKBONE_LAB_HOME", str(tmp_path / "new"))
    with empty_home():
        assert settings.home().parent == tmp_path / "new"
        assert settings.folder("datasets").resolve() == tmp_path / "new" / "datasets"
    assert settings.home() == tmp_path / "new"
    assert sorted(path.name for path in settings.home().iterdir()) == ["datasets", "weights"]
