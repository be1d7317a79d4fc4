"""Make the photos beside chelsea.png: python assets/make_photos.py STAMPS.deb GCOMPRIS.deb BOATS.tgz

The packages are named in README.md. Needs Pillow, dpkg-deb, and PySide6-Essentials to read GCompris's resource files.
"""

import io
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path

from PIL import Image
from PySide6.QtCore import QFile, QIODevice, QResource

FOLDER = Path(__file__).with_name("photos")
LONGEST = 512  # pixels
STAMPS = {
    "airplane": "vehicles/flight/planes/747.png",
    "automobile": "vehicles/race/indycar.png",
    "frog": "animals/amphibians/frog.png",
    "truck": "vehicles/emergency/firetruck.png",
}
GCOMPRIS = {
    "bird": ("explore_farm_animals", "duck"),
    "deer": ("explore_world_animals", "moose"),
    "dog": ("explore_farm_animals", "dog"),
    "horse": ("explore_farm_animals", "horse"),
}


def unpacked(package: str, folder: Path) -> Path:
    subprocess.run(["dpkg-deb", "--extract", package, folder], check=True)
    return folder / "usr" / "share"


def resource(share: Path, activity: str, animal: str) -> bytes:
    QResource.registerResource(str(share / "gcompris-qt" / "rcc" / f"{activity}.rcc"))
    file = QFile(f":/gcompris/src/activities/{activity}/resource/animals/{animal}.webp")
    if not file.open(QIODevice.OpenModeFlag.ReadOnly):
        raise FileNotFoundError(file.fileName())
    return bytes(file.readAll().data())


def photos(stamps: str, gcompris: str, boats: str) -> Iterator[tuple[str, bytes]]:
    with tempfile.TemporaryDirectory() as name:
        share = unpacked(stamps, Path(name) / "stamps")
        for shows, path in STAMPS.items():
            yield shows, (share / "tuxpaint" / "stamps" / path).read_bytes()
        share = unpacked(gcompris, Path(name) / "gcompris")
        for shows, place in GCOMPRIS.items():
            yield shows, resource(share, *place)
    with tarfile.open(boats) as archive:
        yield "ship", archive.extractfile("package/data/image.jpg").read()


def main(*packages: str) -> None:
    for shows, content in photos(*packages):
        photo = Image.open(io.BytesIO(content)).convert("RGBA")
        photo.thumbnail((LONGEST, LONGEST), Image.Resampling.LANCZOS)
        page = Image.new("RGBA", photo.size, "white")  # behind what was cut out
        Image.alpha_composite(page, photo).convert("RGB").save(FOLDER / f"{shows}.jpg", quality=90)


if __name__ == "__main__":
    main(*sys.argv[1:])
