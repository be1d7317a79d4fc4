"""Published weights that are not on this machine: what their download takes, and how far it is."""

from core import backbones
from dashboard import server
from dashboard.ui import formats, task_progress

RATE = 100e6 / 8  # bytes a second of the connection whose time is told
KEPT = "What has arrived is kept; the next attempt continues from there."


def offer(name: str) -> None:
    """Offer to download the weights of a backbone, or show how far that is."""
    size = backbones.download_bytes(name)
    task_progress.offer(
        server.backbones.download(name),
        f"Download {name}",
        why=f"The published weights of **{name}** are not on this machine. The download, once, is about "
        f"{formats.storage(size)}: {formats.duration(size / RATE)} at 100 Mbit/s.",
        icon=":material/download:",
        kept=KEPT,
        ended=server.backbones.refresh,
    )
