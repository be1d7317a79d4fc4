"""Files that lie where weights should: what a clone without Git LFS leaves, and web pages saved under their name."""

from pathlib import Path

_LFS_POINTER = b"version https://git-lfs.github.com/spec/"
_WEB_PAGE = (b"<!doctype html", b"<html", b"<?xml")


def recognise(path: Path) -> tuple[str, str] | None:
    """What a file is instead of weights, as half a sentence, and what to do; None: neither, or it cannot be read."""
    try:
        with path.open("rb") as file:
            first = file.read(64)
    except OSError:
        return None
    if first.startswith(_LFS_POINTER):
        return "it is a Git LFS pointer, not the file itself", "Run `git lfs pull` where it was cloned"
    if first.lstrip(b"\xef\xbb\xbf \r\n\t").lower().startswith(_WEB_PAGE):
        return "it is a web page, not a file of weights", "Download the file that the page offers"
    return None
