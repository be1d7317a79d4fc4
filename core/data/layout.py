"""The class and split of each image of a tree, from the folders it lies in.

    class/1.jpg                  folders are classes; further folders below a class belong to it
    train/class/1.jpg            so are the folders below train/, val/ and test/, by whatever common name
    class/train/1.jpg            the same, the other way round
    fold0/class/1.jpg            folds of a cross-validation: the last is for testing
    wrapper/class/1.jpg          folders that wrap all images do not count, nor do those that wrap one split

Layouts with two meanings are refused: every class has the same folders, one class has folders named like the others,
or the only folders are splits.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath

from core.data import images
from core.data.folders import Tree
from core.errors import DatasetError

Parts = tuple[str, ...]  # the names along a path

SPLITS = {
    "train": "train",
    "training": "train",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "dev": "val",
    "test": "test",
    "testing": "test",
    "evaluation": "test",
    "holdout": "test",
}
_SPLIT = re.compile(rf"({'|'.join(SPLITS)})([ ._-]?(set|data|dataset|images?|imgs?|samples?|split|\d{{1,4}}))*")
_FOLD = re.compile(r"(cv|k)?[ ._-]?(fold|split)[ ._-]?(\d+)")


@dataclass(frozen=True)
class Picture:
    """An image file, with the class and split given by its folders."""

    path: str
    label: int  # index into the class names
    official: str  # "train", "val", "test" or ""


@dataclass(frozen=True)
class Layout:
    """What a tree holds."""

    pictures: tuple[Picture, ...]  # in the order of their paths
    class_names: tuple[str, ...]  # sorted
    skipped: tuple[str, ...]  # "path: reason"
    notes: tuple[str, ...]  # what was assumed


def arrange(tree: Tree) -> Layout:
    """Find the class and split of every image.

    Raises:
        DatasetError: The folders can be read in more than one way.
    """
    paths = {name: PurePosixPath(name).parts for name in tree.files if _is_image(name)}
    skipped = [*tree.skipped, *(f"{name}: {images.NO_IMAGE}" for name in tree.files if name not in paths)]
    folders = {PurePosixPath(folder).parts for folder in tree.folders}
    wrapper = _wrapper(paths.values())  # an image above its last folder keeps its name alone
    left_out = _left_out(wrapper, folders)
    folders = {parts[len(wrapper) :] for parts in folders if _starts(parts, wrapper)}
    paths = {name: parts[min(len(wrapper), len(parts) - 1) :] for name, parts in paths.items()}

    splits, notes = _splits(folders, set(paths.values()))
    notes += left_out
    prefixes = _prefixes(splits, folders, set(paths.values()))  # what to remove in front of the class
    files: dict[str, tuple[str, Parts]] = {}  # file -> split, path from its class on
    for name, parts in sorted(paths.items()):
        prefix = _prefix(parts, prefixes)
        if prefix is None or len(parts) < len(prefix) + 2:
            skipped.append(f"{name}: not in a class folder")
        else:
            files[name] = splits.get(parts[0], ""), parts[len(prefix) :]

    if not splits and _inverted(files.values()):
        files = {name: (_split_of(parts[1]), parts) for name, (_, parts) in files.items()}
    else:
        _refuse_ambiguous(files.values())
        notes += _deeper(files.values())
    inside = (parts[len(prefix) :] for parts in folders if (prefix := _prefix(parts, prefixes)) is not None)
    class_names = sorted({_composed(parts[0]) for parts in inside if parts})
    labels = {class_name: label for label, class_name in enumerate(class_names)}
    pictures = [Picture(name, labels[_composed(parts[0])], split) for name, (split, parts) in files.items()]
    return Layout(tuple(pictures), tuple(class_names), tuple(skipped), tuple(notes))


def _splits(folders: set[Parts], paths: set[Parts]) -> tuple[dict[str, str], list[str]]:
    """The split of each top folder, if these are splits or folds, and what was assumed."""
    holding = {parts[0] for parts in folders if len(parts) > 1}
    with_images = {parts[0] for parts in paths if len(parts) > 1}

    if len(holding) > 1 and with_images <= holding and all(_FOLD.fullmatch(top.casefold()) for top in holding):
        return _folds(holding, folders)

    splits = {top: split for top in holding if (split := _split_of(top))}
    loose = {top: split for top in holding if (split := _split_within(top))}
    classes = [_classes(top, folders, paths) for top in loose]
    alike = len({_without_split(top) for top in loose}) == 1
    if len(set(loose.values())) > 1 and (alike or set.intersection(*classes)):
        splits = loose
    if splits:
        known = set[str]().union(*(_classes(top, folders, paths) for top in splits))
        strays = sorted(parts[0] for parts in paths if parts[0] not in splits and known & set(parts[:-1]))
        if strays:
            raise DatasetError(
                f"{strays[0]}/ lies beside {min(splits)}/",
                "only class folders, or only train/, val/ and test/",
                f"Move {strays[0]}/ elsewhere",
            )
    elif with_images and all(_split_of(top) for top in with_images):
        raise DatasetError(
            f"There are no class folders inside {_listed(with_images)}",
            "a folder of images for each class, optionally below train/, val/ and test/",
            "Sort the images into class folders; if these are the classes, rename them",
        )
    return splits, []


def _classes(split: str, folders: set[Parts], paths: set[Parts]) -> set[str]:
    """The names of the class folders of a split."""
    prefixes = _prefixes([split], folders, paths)
    return {parts[len(prefix)] for prefix in prefixes for parts in folders if _starts(parts, prefix)}


def _folds(tops: set[str], folders: set[Parts]) -> tuple[dict[str, str], list[str]]:
    ordered = sorted(tops, key=lambda top: (int(_matched(_FOLD, top)[3]), top))
    inside = {parts[1] for parts in folders if len(parts) > 1}
    if all(_split_of(name) for name in inside):
        raise DatasetError(
            f"{ordered[0]}/ and {ordered[1]}/ hold splits of their own, {_listed(inside)}",
            "one division into training and test images",
            f"Import one of them, such as {ordered[0]}/",
        )
    *others, last = ordered
    note = f"Folds of a cross-validation: {last}/ is for testing, {_listed(others)} for training."
    return {**dict.fromkeys(others, "train"), last: "test"}, [note]


def _prefixes(splits: Iterable[str], folders: set[Parts], paths: set[Parts]) -> set[Parts]:
    """The folders that contain class folders."""
    prefixes = set()
    for split in splits:
        prefix: Parts = (split,)
        while True:
            children = {parts[len(prefix)] for parts in folders if _starts(parts, prefix)}
            direct = any(len(parts) == len(prefix) + 1 and _starts(parts, prefix) for parts in paths)
            if len(children) != 1 or direct:
                break
            (child,) = children
            deeper = any(len(parts) > len(prefix) + 1 and _starts(parts, (*prefix, child)) for parts in folders)
            if not deeper and _split_within(child) != _split_within(split):
                break  # a class, the only one
            prefix = (*prefix, child)
        if children and all(_FOLD.fullmatch(child.casefold()) for child in children):
            prefixes |= {(*prefix, child) for child in children}
        else:
            prefixes.add(prefix)
    return prefixes or {()}


def _prefix(parts: Parts, prefixes: set[Parts]) -> Parts | None:
    return next((prefix for prefix in prefixes if parts[: len(prefix)] == prefix), None)


def _starts(parts: Parts, prefix: Parts) -> bool:
    return len(parts) > len(prefix) and parts[: len(prefix)] == prefix


def _inverted(files: Collection[tuple[str, Parts]]) -> bool:
    """Whether every image lies in a split below its class."""
    return bool(files) and all(len(parts) > 2 and _split_of(parts[1]) for _, parts in files)


def _refuse_ambiguous(files: Collection[tuple[str, Parts]]) -> None:
    below = defaultdict(set)  # class -> names of the folders that hold its images
    for _, parts in files:
        below[parts[0]].add(parts[1] if len(parts) > 2 else "")
    shared = set.intersection(*below.values()) if len(below) > 1 else set()
    if len(shared) > 1 and not any("" in names for names in below.values()):
        raise DatasetError(
            f"Below every class folder, {_listed(sorted(below))}, lie the same folders, {_listed(sorted(shared))}",
            "images directly in class folders, optionally below train/, val/ and test/",
            "If those are the classes, move them to the top; if not, move their images up",
        )
    for name, inside in below.items():
        if len(others := inside & below.keys() - {name}) > 1:
            raise DatasetError(
                f"Inside {name}/ lie folders named like the other classes, {_listed(others)}",
                "each class once",
                f"Import {name}/ alone, or move it elsewhere",
            )


def _deeper(files: Iterable[tuple[str, Parts]]) -> list[str]:
    """A note on folders inside class folders."""
    deeper = sorted({parts[:2] for _, parts in files if len(parts) > 2})
    if not deeper:
        return []
    (name, folder), count = deeper[0], len(deeper)
    where = f"{count:,} folders inside class folders" if count > 1 else "a folder inside a class folder"
    return [f"There are images in {where}, such as {name}/{folder}/: they are read as images of {name}."]


def _wrapper(files: Collection[Parts]) -> Parts:
    """The folders wrapped around all classes and splits, as in a zip with a single top folder.

    Beside them lie folders without images in some datasets, such as lists of files or annotations, and single images.
    """
    wrapper: Parts = ()
    while len(tops := {parts[: len(wrapper) + 1] for parts in files if len(parts) > len(wrapper) + 1}) == 1:
        (top,) = tops
        if _split_of(top[-1]) or all(len(parts) < len(top) + 2 for parts in files):  # a split or a class
            break
        wrapper = top
    return wrapper


def _left_out(wrapper: Parts, folders: set[Parts]) -> list[str]:
    """A note on the folders beside those of a wrapper."""
    siblings = {parts for parts in folders if len(parts) <= len(wrapper) and parts[:-1] == wrapper[: len(parts) - 1]}
    names = ["/".join(parts) for parts in siblings if parts != wrapper[: len(parts)]]
    return [f"Folders without images are left out: {_listed(names)}."] if names else []


def _split_of(folder: str) -> str:
    """The split that a folder is named after, as train, Training, test_set or val2017; "" if none."""
    match = _SPLIT.fullmatch(folder.casefold())
    return SPLITS[match[1]] if match else ""


def _split_within(folder: str) -> str:
    """The split that a folder's name contains as a word, as seg_train; "" if none or several."""
    words = {split for word in _words(folder) if (split := _split_of(word))}
    return _split_of(folder) or (words.pop() if len(words) == 1 else "")


def _without_split(folder: str) -> Parts:
    """The other words of a folder's name: seg of seg_train and seg_test."""
    return tuple(word for word in _words(folder) if not _split_of(word))


def _words(name: str) -> list[str]:
    return re.split(r"[\W_]+", name.casefold())


def _matched(pattern: re.Pattern, name: str) -> re.Match:
    match = pattern.fullmatch(name.casefold())
    assert match, name
    return match


def _listed(names: Collection[str], most: int = 3) -> str:
    shown = ", ".join(f"{name}/" for name in sorted(names)[:most])
    return f"{shown} and {len(names) - most} more" if len(names) > most else shown


def _is_image(name: str) -> bool:
    return PurePosixPath(name).suffix.lower() in images.SUFFIXES


def _composed(name: str) -> str:
    return unicodedata.normalize("NFC", name)  # macOS stores e and its accent as two characters
