"""What is found in folders and zips, and what is refused before anything is unpacked."""

import os
import re
import struct
import unicodedata
import zipfile
import zlib
from pathlib import Path

import pytest

from core.data import folders, layout
from core.errors import DatasetError
from tests.pictures import photo, pictures, write_folder, write_zip

FOUND = {"cats/0.jpg": ("cats", ""), "dogs/0.jpg": ("dogs", "")}


def arranged(path: Path) -> tuple[dict[str, tuple[str, str]], list[str], list[str]]:
    """Class and official split of each file, class names, and the skipped files."""
    with folders.open_tree(path) as tree:
        found = layout.arrange(tree)
    classes = {picture.path: (found.class_names[picture.label], picture.official) for picture in found.pictures}
    return classes, list(found.class_names), list(found.skipped)


def named(skipped):
    """The paths of skipped files, whose entries are "path: reason"."""
    return sorted(entry.split(": ")[0] for entry in skipped)


@pytest.fixture(params=["folder", "zip"])
def pack(request: pytest.FixtureRequest, tmp_path: Path):
    """Writes files as a folder or as a zip."""
    if request.param == "folder":
        return lambda files: write_folder(tmp_path / "pets", files)
    return lambda files: write_zip(tmp_path / "pets.zip", files)


def test_folders_are_classes(pack):
    assert arranged(pack({name: photo() for name in FOUND})) == (FOUND, ["cats", "dogs"], [])


def test_other_files_are_skipped_by_name_and_litter_silently(pack):
    litter = ["__MACOSX/cats/._0.jpg", ".DS_Store", "cats/.DS_Store", "cats/thumbs.db", ".git/x.jpg"]
    litter += ["cats/@eaDir/0.jpg/SYNOPHOTO_THUMB_M.jpg", "#recycle/1.jpg", "$RECYCLE.BIN/1.jpg", "cats/Desktop.ini"]
    files = {name: photo() for name in (*FOUND, *litter, "readme.txt", "cats/notes.csv", "top.jpg")}
    classes, class_names, skipped = arranged(pack(files))
    assert (classes, class_names) == (FOUND, ["cats", "dogs"])
    assert named(skipped) == ["cats/notes.csv", "readme.txt", "top.jpg"]


def test_an_empty_folder_is_still_a_class(pack):
    assert arranged(pack({**{name: photo() for name in FOUND}, "fish/": b""}))[1] == ["cats", "dogs", "fish"]


def test_accents_are_one_letter_however_the_system_writes_them(pack):
    _, class_names, _ = arranged(
        pack({"train/ve\u0301lo/1.jpg": photo(), "test/v\u00e9lo/1.jpg": photo(), "train/b/1.jpg": b""})
    )
    assert class_names == ["b", "v\u00e9lo"]


def test_a_zip_gives_the_bytes_that_went_in(pack):
    files = pictures(2)
    with folders.open_tree(pack(files)) as tree:
        assert {name: tree.read(name) for name in tree.files} == files


def test_backslashes_in_a_zip_are_folders(tmp_path: Path):
    classes, class_names, _ = arranged(
        write_zip(tmp_path / "windows.zip", {"cats\\1.jpg": photo(), "dogs\\1.jpg": photo()})
    )
    assert class_names == ["cats", "dogs"] and "cats/1.jpg" in classes


def write_raw_zip(path: Path, names: list[bytes], *, extra: bool = False) -> Path:
    """A zip whose names are these bytes, with no flag that says how they are encoded.

    Args:
        extra: Whether Info-ZIP's Unicode path field gives the names in UTF-8, as those of Käfer.
    """

    class Member(zipfile.ZipInfo):
        def _encodeFilenameFlags(self):  # noqa: N802 - zipfile's own
            return self.raw, self.flag_bits

    with zipfile.ZipFile(path, "w") as archive:
        for number, raw in enumerate(names):
            member = Member(f"x/{number}.jpg")
            member.raw = raw
            if extra:
                field = struct.pack("<BL", 1, zlib.crc32(raw)) + f"Käfer/{number}.jpg".encode()
                member.extra = struct.pack("<HH", 0x7075, len(field)) + field
            archive.writestr(member, photo((number, 9, 9)))
    return path


@pytest.mark.parametrize("form", ["NFC", "NFD"], ids=["composed", "as macOS writes it"])
def test_names_in_utf_8_are_read_as_such_without_the_flag(tmp_path: Path, form):
    names = [unicodedata.normalize(form, f"{name}/1.jpg").encode() for name in ("Käfer", "Löwe", "犬")]
    path = write_raw_zip(tmp_path / "mac.zip", names)
    assert arranged(path)[1] == ["Käfer", "Löwe", "犬"]
    with folders.open_tree(path) as tree:
        assert not tree.notes
        assert [len(tree.read(name)) > 0 for name in tree.files] == [True, True, True]


def test_the_unicode_path_of_info_zip_is_preferred(tmp_path: Path):
    path = write_raw_zip(tmp_path / "old.zip", [b"K_fer/0.jpg", b"K\xe4fer/1.jpg"], extra=True)
    assert arranged(path)[1] == ["Käfer"]


def test_latin_letters_of_cp437_are_what_the_zip_format_says(tmp_path: Path):
    path = write_raw_zip(tmp_path / "dos.zip", ["Käfer/1.jpg".encode("cp437"), b"cats/1.jpg"])
    assert arranged(path)[1] == ["Käfer", "cats"]
    with folders.open_tree(path) as tree:
        assert not tree.notes


@pytest.mark.parametrize(("name", "encoding"), [("ねこ", "cp932"), ("собака", "cp866"), ("Käfer", "latin-1")])
def test_names_in_an_unstated_encoding_are_doubted_aloud(tmp_path: Path, name, encoding):
    path = write_raw_zip(tmp_path / "other.zip", [f"{name}/1.jpg".encode(encoding), b"cats/1.jpg"])
    with folders.open_tree(path) as tree:
        (note,) = tree.notes
    assert "other.zip" in note and "encoded" in note


def test_an_odd_name_of_a_file_in_a_plain_folder_is_not_worth_a_note(tmp_path: Path):
    path = write_raw_zip(tmp_path / "other.zip", ["cats/ねこ.jpg".encode("cp932"), b"dogs/1.jpg"])
    with folders.open_tree(path) as tree:
        assert not tree.notes


def test_links_in_a_folder_are_not_followed(tmp_path: Path):
    secret = write_folder(tmp_path / "private", {"secret.jpg": photo()})
    root = write_folder(tmp_path / "pets", {name: photo() for name in FOUND})
    (root / "cats" / "link.jpg").symlink_to(secret / "secret.jpg")
    (root / "birds").symlink_to(secret, target_is_directory=True)
    classes, class_names, skipped = arranged(root)
    assert (classes, class_names) == (FOUND, ["cats", "dogs"])
    assert named(skipped) == ["birds", "cats/link.jpg"] and all("link" in reason for reason in skipped)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="named pipes are a thing of Unix")
def test_a_pipe_named_as_an_image_does_not_hang(tmp_path: Path):
    root = write_folder(tmp_path / "pets", {name: photo() for name in FOUND})
    os.mkfifo(root / "cats" / "pipe.jpg")
    classes, class_names, skipped = arranged(root)
    assert (classes, class_names, named(skipped)) == (FOUND, ["cats", "dogs"], ["cats/pipe.jpg"])


@pytest.mark.parametrize(
    "name", ["/etc/cats/1.jpg", "../cats/1.jpg", "cats/../../1.jpg", "C:\\cats\\1.jpg", "..\\1.jpg"]
)
def test_a_zip_with_a_path_that_leads_outside_is_refused(tmp_path: Path, name):
    path = write_zip(tmp_path / "evil.zip", {**pictures(), name: photo()})
    with pytest.raises(DatasetError, match=r"evil.zip .*outside"):
        arranged(path)


def test_a_zip_with_a_link_is_refused(tmp_path: Path):
    path = write_zip(tmp_path / "links.zip", pictures())
    link = zipfile.ZipInfo("cats/link.jpg")
    link.create_system, link.external_attr = 3, 0o120777 << 16
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(link, "/etc/passwd")
    with pytest.raises(DatasetError, match=r"links.zip .*link, 'cats/link.jpg'"):
        arranged(path)


def patch(path: Path, offset: int, old: bytes, new: bytes) -> None:
    """Change bytes of every entry in the central directory, `offset` after its signature."""
    data = bytearray(path.read_bytes())
    starts = [match.start() + offset for match in re.finditer(b"PK\x01\x02", data)]
    assert any(data[start : start + len(old)] == old for start in starts)
    for start in starts:
        if data[start : start + len(old)] == old:
            data[start : start + len(new)] = new
    path.write_bytes(data)


def test_an_encrypted_zip_is_refused(tmp_path: Path):
    path = write_zip(tmp_path / "locked.zip", pictures())
    patch(path, 8, struct.pack("<H", 0), struct.pack("<H", 1))
    with pytest.raises(DatasetError, match=r"locked.zip is encrypted"):
        arranged(path)


def test_a_bomb_of_bytes_is_refused_by_its_size(tmp_path: Path):
    path = write_zip(tmp_path / "bomb.zip", {**pictures(), "cats/huge.bmp": bytes(120_000)})
    patch(path, 24, struct.pack("<I", 120_000), struct.pack("<I", 120_000_000))
    with pytest.raises(DatasetError, match=r"bomb.zip .*0.0 MB .*120 MB.*100 times"):
        arranged(path)


def test_a_bomb_that_lies_about_its_size_gives_no_more_than_it_said(tmp_path: Path):
    path = write_zip(tmp_path / "liar.zip", {**pictures(), "cats/huge.bmp": bytes(9_000_000)})
    patch(path, 24, struct.pack("<I", 9_000_000), struct.pack("<I", 1_000))
    with folders.open_tree(path) as tree, pytest.raises(DatasetError, match=r"cats/huge.bmp: cannot be unpacked"):
        tree.read("cats/huge.bmp")


def test_an_unusual_compression_is_refused(tmp_path: Path):
    with zipfile.ZipFile(tmp_path / "odd.zip", "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("cats/1.jpg", photo())
    with (
        folders.open_tree(tmp_path / "odd.zip") as tree,
        pytest.raises(DatasetError, match=r"cats/1.jpg: .*compression"),
    ):
        tree.read("cats/1.jpg")


def test_a_damaged_member_is_an_error_by_name(tmp_path: Path):
    path = write_zip(tmp_path / "pets.zip", {"cats/x.jpg": os.urandom(5_000), **pictures()})
    data = bytearray(path.read_bytes())
    data[1_000:1_100] = bytes(100)
    path.write_bytes(data)
    with folders.open_tree(path) as tree, pytest.raises(DatasetError, match=r"cats/x.jpg: cannot be unpacked"):
        tree.read("cats/x.jpg")


def test_a_file_too_large_to_be_an_image_is_not_read(pack, monkeypatch):
    monkeypatch.setattr(folders, "MAX_FILE", 1_000)
    with (
        folders.open_tree(pack({"cats/1.bmp": photo(kind="BMP")})) as tree,
        pytest.raises(DatasetError, match=r"too large"),
    ):
        tree.read("cats/1.bmp")


def test_too_many_files_are_refused(pack, monkeypatch):
    monkeypatch.setattr(folders, "MAX_FILES", 7)
    with pytest.raises(DatasetError, match=r"7"):
        arranged(pack(pictures(5)))


def test_folders_within_folders_are_counted_too(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(folders, "MAX_FILES", 7)
    (tmp_path / "pets").joinpath(*"abcdefgh").mkdir(parents=True)
    with pytest.raises(DatasetError, match=r"more than 7 files and folders"):
        arranged(tmp_path / "pets")


@pytest.mark.parametrize("name", ["/", "~", "home", "program", "home/.."])
def test_a_folder_that_holds_a_users_files_or_this_program_is_refused_before_it_is_listed(home, monkeypatch, name):
    def listed(*_, **__):
        raise AssertionError("it was listed")

    monkeypatch.setattr(os, "walk", listed)
    monkeypatch.setenv("HOME", str(home.parent))
    named = {
        "~": Path("~").expanduser(),
        "home": home,
        "program": Path(folders.__file__).parents[2],
        "home/..": home / "..",
    }
    with pytest.raises(DatasetError, match=r"Name the folder below it that holds the classes"):
        arranged(named.get(name, Path(name)))


def test_an_upload_above_2_gb_is_refused_in_words_before_it_is_opened(tmp_path: Path):
    path = tmp_path / "large.zip"
    with path.open("wb") as stream:
        stream.truncate(2_100_000_000)  # a file with a hole: takes no space
    with pytest.raises(DatasetError, match=r"large.zip .*2.1 GB.*at most 2 GB"):
        arranged(path)


@pytest.mark.parametrize("data", [b"", b"not a zip", photo()], ids=["empty", "text", "photograph"])
def test_a_file_that_is_no_zip_is_refused(tmp_path: Path, data):
    (tmp_path / "pets.zip").write_bytes(data)
    with pytest.raises(DatasetError, match=r"pets.zip is not a zip"):
        arranged(tmp_path / "pets.zip")


def test_a_truncated_zip_is_refused(tmp_path: Path):
    path = write_zip(tmp_path / "pets.zip", pictures())
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(DatasetError, match=r"damaged"):
        arranged(path)


def test_a_missing_path_is_refused(tmp_path: Path):
    with pytest.raises(DatasetError, match=r"absent"):
        arranged(tmp_path / "absent")
