"""Folders of images, on disk or in a zip: listed and read safely."""

import os
import stat
import struct
import sys
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath, PureWindowsPath

from core import settings, storage
from core.errors import DatasetError

MAX_ZIP = 2_000_000_000  # bytes of a zip
MAX_UNPACKED = 20_000_000_000  # bytes of all its files together
MAX_RATIO = 100  # unpacked over packed size, above MAX_UNPACKED_FREELY; photographs barely compress
MAX_UNPACKED_FREELY = 100_000_000  # bytes that may be unpacked at any ratio
MAX_FILE = 250_000_000  # bytes of one image file
MAX_FILES = 500_000

UTF8_NAME, UNICODE_PATH = 0x800, 0x7075  # the zip format's flag, and Info-ZIP's extra field, for names in UTF-8
LITTER = {  # left by operating systems and network drives; hidden files are ignored too
    "__macosx",
    "thumbs.db",
    "ehthumbs.db",
    "desktop.ini",
    "icon\r",
    "@eadir",
    "#recycle",
    "$recycle.bin",
    "system volume information",
    "lost+found",
}


@dataclass(frozen=True)
class Tree:
    """The files of a folder or zip, by their relative paths (with `/`)."""

    name: str
    files: tuple[str, ...]
    folders: frozenset[str]
    skipped: tuple[str, ...]  # "path: reason"
    read: Callable[..., bytes]  # of a file, or its first bytes; raises DatasetError; for several threads
    notes: tuple[str, ...] = ()  # what a user should check
    sizes: Mapping[str, int] = field(default_factory=dict)  # bytes of each file, unpacked


def is_unicode(name: str) -> bool:
    """Whether the system could decode the name of a file: Python escapes the bytes of others."""
    return not any("\ud800" <= character <= "\udfff" for character in name)


@contextmanager
def open_tree(path: Path) -> Iterator[Tree]:
    """List a folder or a zip. Nothing is written to disk.

    Raises:
        DatasetError: The path does not exist, is neither a folder nor a zip, or is an unsafe or too large zip.
    """
    if storage.is_folder(path):
        _refuse_what_is_around(path)
        yield _disk(path)
    elif storage.is_file(path):
        with _archive(path) as archive:
            yield _zip(path, archive)
    else:
        raise DatasetError(f"There is no file or folder {path}", "a folder of images, or a zip of one")


def _refuse_what_is_around(folder: Path) -> None:
    """Refuse a folder that holds a user's files or this program: listing it may take minutes, and gives no classes."""
    whole = folder.resolve()
    inside = (settings.expanded("~"), settings.home(), Path(__file__), Path(sys.prefix))
    if any(each.is_relative_to(whole) for each in inside):
        raise DatasetError(
            f"{folder} holds a user's whole folder, or Backbone Lab itself",
            "a folder of images, or a zip of one",
            "Name the folder below it that holds the classes",
        )


def _disk(root: Path) -> Tree:
    folders, skipped = set(), []
    files: dict[str, int] = {}  # with their sizes

    def deny(error: OSError) -> None:
        skipped.append(f"{_below(root, error.filename)}: {error.strerror}")

    for parent, subfolders, names in os.walk(root, onerror=deny):  # does not follow links
        for name in [*subfolders, *names]:
            path = Path(parent, name)
            relative = _below(root, path)
            if _is_litter(name):
                continue
            try:
                status = path.lstat()
            except OSError as error:  # it went away since it was listed
                skipped.append(f"{relative}: {error.strerror}")
                continue
            if not is_unicode(name):
                skipped.append(f"{relative.encode(errors='replace').decode()}: the name is not Unicode")
            elif stat.S_ISLNK(status.st_mode):
                skipped.append(f"{relative}: a link; links are not followed")
            elif stat.S_ISDIR(status.st_mode):
                folders.add(relative)
            elif stat.S_ISREG(status.st_mode):
                files[relative] = status.st_size
            else:
                skipped.append(f"{relative}: not a regular file")
        subfolders[:] = [name for name in subfolders if not _is_litter(name) and is_unicode(name)]
        if len(files) + len(folders) + len(skipped) > MAX_FILES:
            raise DatasetError(f"{root} holds more than {MAX_FILES:,} files and folders", "a folder of images")

    def read(name: str, first: int | None = None) -> bytes:
        try:
            with (root / name).open("rb") as stream:
                return _bounded(name, stream.read(MAX_FILE + 1 if first is None else first))
        except OSError as error:
            raise DatasetError(f"{name}: {error.strerror}") from error

    return Tree(root.resolve().name, tuple(files), frozenset(folders), tuple(skipped), read, sizes=files)


@contextmanager
def _archive(path: Path) -> Iterator[zipfile.ZipFile]:
    size = path.stat().st_size
    if size > MAX_ZIP:
        raise DatasetError(
            f"{path.name} is {size / 1e9:.1f} GB",
            f"a zip of at most {MAX_ZIP / 1e9:.0f} GB",
            "Unpack it and import the folder instead",
        )
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise DatasetError(
            f"{path.name} is not a zip, or is damaged",
            "a folder of images, or a zip of one",
            "Unpack an archive of another kind, or extract the images from a table, and import the folder",
        ) from error
    with archive:
        yield archive


def _zip(path: Path, archive: zipfile.ZipFile) -> Tree:
    members: dict[str, zipfile.ZipInfo] = {}
    folders, doubtful = set(), ""
    for info in archive.infolist():
        name, sure = _decoded(info)
        name = name.replace("\\", "/")  # some Windows programs write backslashes
        _refuse_unsafe(path, info, name)
        parts = PurePosixPath(name).parts
        if any(_is_litter(part) for part in parts):
            continue
        doubtful = doubtful or ("" if sure else next((part for part in parts[:-1] if not part.isascii()), ""))
        name = "/".join(parts)
        folders.update(str(parent) for parent in PurePosixPath(name).parents[:-1])
        if info.is_dir():
            folders.add(name)
        else:
            members[name] = info
    _refuse_bombs(path, members)

    def read(name: str, first: int | None = None) -> bytes:
        info = members[name]
        # bzip2 and lzma cannot be unpacked in bounded steps, and file managers do not write them
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise DatasetError(f"{name}: unsupported compression", "stored or deflated files")
        try:
            with archive.open(info) as stream:
                # never more than the size summed by _refuse_bombs
                return _bounded(name, stream.read(MAX_FILE + 1 if first is None else first))
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError) as error:
            raise DatasetError(f"{name}: cannot be unpacked ({error})") from error

    notes = [_DOUBTFUL.format(path.name, doubtful)] if doubtful else []
    sizes = {name: info.file_size for name, info in members.items()}
    return Tree(path.stem, tuple(members), frozenset(folders), (), read, tuple(notes), sizes)


_DOUBTFUL = (
    "{} does not say how its names are encoded, and {!r} may be misspelt. Compare it with the folder's own name; to "
    "correct it, unpack the zip where it was made and import the folder, or zip it again with names in UTF-8."
)


def _decoded(info: zipfile.ZipInfo) -> tuple[str, bool]:
    """A member's name, and whether its encoding is certain or at least gives only Latin letters.

    The format knows UTF-8, if flagged, and cp437. macOS and many Unix programs write UTF-8 without the flag.
    """
    if info.flag_bits & UTF8_NAME:
        return info.filename, True
    stored = info.orig_filename.encode("cp437")  # the bytes in the zip, as `zipfile` decoded them
    for data in (_unicode_path(info, stored), stored):
        try:
            return data.partition(b"\0")[0].decode(), True
        except UnicodeDecodeError:
            continue
    letters = (character for character in info.filename if not character.isascii())
    return info.filename, all("LATIN" in unicodedata.name(letter, "") for letter in letters)


def _unicode_path(info: zipfile.ZipInfo, stored: bytes) -> bytes:
    """The name in Info-ZIP's Unicode path field, if it belongs to the stored name; else the stored name."""
    extra = info.extra
    while len(extra) >= 4:
        kind, size = struct.unpack("<HH", extra[:4])
        field, extra = extra[4 : 4 + size], extra[4 + size :]
        if kind == UNICODE_PATH and len(field) > 5:
            version, checksum = struct.unpack("<BL", field[:5])
            if version == 1 and checksum == zlib.crc32(stored):
                return field[5:]
    return stored


def _refuse_unsafe(path: Path, info: zipfile.ZipInfo, name: str) -> None:
    remedy = "Zip the folder again with an ordinary program"
    if name.startswith("/") or PureWindowsPath(name).drive or ".." in PurePosixPath(name).parts:
        raise DatasetError(f"{path.name} contains {name!r}, a path outside the zip", "paths inside the zip", remedy)
    if stat.S_ISLNK(info.external_attr >> 16):
        raise DatasetError(f"{path.name} contains a link, {name!r}", "only files and folders", remedy)
    if info.flag_bits & 0x1:
        raise DatasetError(f"{path.name} is encrypted", "a zip without a password", remedy)


def _refuse_bombs(path: Path, members: dict[str, zipfile.ZipInfo]) -> None:
    size, unpacked = path.stat().st_size, sum(info.file_size for info in members.values())
    if len(members) > MAX_FILES:
        raise DatasetError(f"{path.name} contains {len(members):,} files", f"at most {MAX_FILES:,}")
    if unpacked > MAX_UNPACKED or (unpacked > MAX_UNPACKED_FREELY and unpacked > MAX_RATIO * size):
        raise DatasetError(
            f"{path.name} would unpack from {size / 1e6:,.1f} MB to {unpacked / 1e6:,.0f} MB",
            f"at most {MAX_RATIO} times its size and {MAX_UNPACKED / 1e9:.0f} GB; photographs barely compress",
        )


def _bounded(name: str, data: bytes) -> bytes:
    if len(data) > MAX_FILE:
        raise DatasetError(f"{name}: too large", f"at most {MAX_FILE / 1e6:.0f} MB")
    return data


def _is_litter(name: str) -> bool:
    return name.startswith(".") or name.casefold() in LITTER


def _below(root: Path, path: str | Path) -> str:
    return Path(path).relative_to(root).as_posix()
