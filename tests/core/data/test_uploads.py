"""Uploaded files are copied in pieces, and none outlives the process that received it."""

import hashlib
import io
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from core.data import uploads
from core.errors import DatasetError
from tests.conftest import COMPUTED


def kept(home: Path) -> list[Path]:
    """All files in the folder of uploads, locks included."""
    return [path for path in (home / "uploads").rglob("*") if path.is_file()]


def test_an_upload_keeps_its_name_and_content_until_it_is_removed(home: Path):
    upload = uploads.keep(io.BytesIO(b"zip" * uploads.CHUNK), "Vögel & Käfer.zip")
    assert upload.path.name == "Vögel & Käfer.zip" and home in upload.path.parents
    assert upload.path.read_bytes() == b"zip" * uploads.CHUNK
    assert upload.digest == hashlib.sha256(b"zip" * uploads.CHUNK).hexdigest()
    uploads.remove(upload)
    assert kept(home) == [] and list((home / "uploads").iterdir()) == []


@pytest.mark.parametrize(
    ("filename", "expected"),
    [
        ("../../outside.zip", "_.._outside.zip"),
        ("a\0b\n.zip", "a_b_.zip"),
        ("C:\\photos.zip", "C__photos.zip"),
        ("..", "upload"),
        ("", "upload"),
        ("ü" * 5_000 + ".zip", "ü" * 98 + ".zip"),
        ("\ud800.zip", "?.zip"),
        ("aux.zip", "_aux.zip"),
        ("CON", "_CON"),
        ("console.zip", "console.zip"),
        (".a" + "." * 198 + "zip", "zip"),
    ],
)
def test_no_name_leads_outside_or_is_too_long_for_a_disk(home: Path, filename: str, expected: str):
    upload = uploads.keep(io.BytesIO(b"zip"), filename)
    assert upload.path.name == expected
    assert upload.path.resolve().parent.parent == home / "uploads"
    uploads.remove(upload)


def test_uploads_of_a_process_that_was_killed_are_swept_and_those_of_a_living_one_stay(home: Path):
    program = (
        "import io, os, signal; from core.data import uploads; uploads.keep(io.BytesIO(b'zip'), 'left.zip'); "
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    subprocess.run([sys.executable, "-c", program], cwd=Path(__file__).parents[3], check=False)
    mine = uploads.keep(io.BytesIO(b"zip"), "mine.zip")
    assert {path.name for path in kept(home)} > {"left.zip", "mine.zip"}
    uploads.sweep()
    assert [path for path in kept(home) if path.suffix == ".zip"] == [mine.path]
    assert len(list((home / "uploads").iterdir())) == 2
    uploads.remove(mine)


def test_an_upload_leaves_a_reserve_free_on_the_disk(home: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(uploads.dataset.shutil, "disk_usage", lambda path: Disk(free=10**9 + 2))
    uploads.remove(uploads.keep(io.BytesIO(b"zi"), "photos.zip"))
    with pytest.raises(DatasetError, match=r"photos.zip takes 0.00 GB.*1.00 GB left free"):
        uploads.keep(io.BytesIO(b"zip"), "photos.zip")
    assert kept(home) == []


@dataclass
class Disk:
    """What `shutil.disk_usage` says of a disk."""

    free: int


def test_there_is_nothing_to_sweep_in_a_home_without_uploads(home: Path):
    uploads.sweep()
    assert sorted(path.name for path in home.iterdir()) == [*COMPUTED]  # as the fixture makes it


def test_a_full_disk_keeps_nothing_of_an_upload(home: Path):
    class Full(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            raise OSError(28, "No space left on device")

    with pytest.raises(DatasetError, match=r"photos.zip cannot be kept \(No space left on device\)"):
        uploads.keep(Full(), "photos.zip")
    assert kept(home) == []
