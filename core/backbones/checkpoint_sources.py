"""Published checkpoints of transformers over the network: from Hugging Face, and where that fails from Kaggle.

Addresses, tokens and what the hub says of a file come from Hugging Face's own client, so that HF_ENDPOINT, HF_TOKEN,
HF_HUB_OFFLINE and HTTPS_PROXY take effect; the bytes come through `download`, which resumes, checks and can be stopped.
"""

import contextlib
import os
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from core import download, settings
from core.backbones import checkpoints
from core.backbones.catalog import HUGGING_FACE, Backbone
from core.download import DownloadError
from core.errors import WeightsError
from core.progress import Progress, Report

LOOK = 0.5  # seconds between two looks at what Kaggle's library has done
_KAGGLE = """  # ends with the process that waits for it, whose pipe is then closed
import os, sys, threading, kagglehub
threading.Thread(target=lambda: (sys.stdin.read(), os._exit(1)), daemon=True).start()
try:
    print(kagglehub.model_download(sys.argv[1]))
except Exception as error:
    sys.exit(f"{type(error).__name__}: {error}")
"""


class Remote(NamedTuple):
    """A file of a repository, as the hub describes it."""

    name: str
    url: str
    size: int  # bytes
    checksum: str | None  # SHA-256 of a large file; small ones have none


def fetch(spec: Backbone, report: Report) -> Path:
    """Download the published weights of a transformer; returns their folder.

    Raises:
        WeightsError: Neither hub gives them; says why, and which files to put where.
    """
    if not spec.preset:
        raise WeightsError(f"The shipped weights of {spec.name} are missing", "assets", checkpoints.remedy(spec))
    report(Progress("download", 0, 0, "bytes"))
    failures = []
    for hub, from_hub in (("Hugging Face", _from_hugging_face), ("Kaggle", _from_kaggle)):
        try:
            return from_hub(spec, report)
        except DownloadError as error:
            failures.append(f"{hub}: {str(error).rstrip('.')}")
    raise WeightsError(
        f"The weights of {spec.name} are not here and cannot be downloaded. {'. '.join(failures)}",
        remedy=f"Or {checkpoints.download_hint(spec)}",
    )


def _from_hugging_face(spec: Backbone, report: Report) -> Path:
    """Into the home folder: the weights last, since the folder counts as complete once they are there.

    Raises:
        DownloadError: They cannot be fetched; says what to do.
    """
    folder = settings.home() / "weights" / spec.weights_file
    try:
        files = _files(spec, folder, report)
        done, total = 0, sum(file.size for file in files)
        for file in files:

            def of_all(moment: Progress, before: int = done) -> None:
                in_bytes = moment.unit == "bytes"
                report(replace(moment, done=before + moment.done, total=total) if in_bytes else moment)

            download.fetch(file.url, folder / file.name, file.checksum, of_all, token=_token())
            done += file.size
    except DownloadError as error:
        raise DownloadError(f"{error}{_advice(error.status, spec)}", error.status) from error
    return folder


def _files(spec: Backbone, folder: Path, report: Report) -> Sequence[Remote]:
    """What to download of a repository: the first layout it has, its weights last. An index of shards comes at once."""
    for description, weights in checkpoints.LAYOUTS:
        if remote := _described(spec.repository, weights, report):
            parts = _shards(spec, remote, folder, report) if weights == checkpoints.INDEX else [weights]
            names = [description, *spec.vocabulary, *parts]
            files = [remote if name == weights else _described(spec.repository, name, report) for name in names]
            if None in files:
                raise DownloadError(f"{spec.repository} has no {names[files.index(None)]}", 404)
            return [file for file in files if file]
    raise DownloadError(f"{spec.repository} has none of {', '.join(name for _, name in checkpoints.LAYOUTS)}", 404)


def _shards(spec: Backbone, index: Remote, folder: Path, report: Report) -> list[str]:
    """The names of the files that an index lists, which is fetched anew each time."""

    def begun(moment: Progress) -> None:  # how much it will be in all is not known yet
        report(replace(moment, done=0, total=0))

    download.fetch(index.url, folder / index.name, None, begun, token=_token())
    try:
        return checkpoints.shards(folder / index.name, spec)
    except WeightsError as error:
        raise DownloadError(f"{spec.repository} has an {index.name} that lists no files", 404) from error


def _described(repository: str, name: str, report: Report) -> Remote | None:
    """What the hub says of a file; None: the repository does not have it."""
    from huggingface_hub import get_hf_file_metadata, hf_hub_url
    from huggingface_hub.errors import HfHubHTTPError, OfflineModeIsEnabled

    url = hf_hub_url(repository, name, endpoint=_endpoint())

    def ask() -> Any:
        try:
            return get_hf_file_metadata(url, timeout=download.TIMEOUT)
        except OfflineModeIsEnabled as error:
            raise DownloadError("HF_HUB_OFFLINE is set: unset it") from error
        except HfHubHTTPError as error:
            answer = error.response
            raise download.refused(
                answer.status_code,
                f"{urlsplit(url).netloc} answers {answer.status_code} {answer.reason_phrase}",
                answer.headers.get("Retry-After"),
            ) from error
        except Exception as error:  # of the network, each layer raises its own
            raise DownloadError(
                f"no answer from {urlsplit(url).netloc} ({type(error).__name__}): check the connection; behind a "
                "proxy set HTTPS_PROXY, for a mirror HF_ENDPOINT"
            ) from error

    try:
        known = download.patiently(ask, report)
    except DownloadError as error:
        if error.status == 404:
            return None
        raise
    checksum = known.etag if known.etag and len(known.etag) == 64 else None
    return Remote(name, url, known.size or 0, checksum)


def _advice(status: int | None, spec: Backbone) -> str:
    page = f"{_endpoint() or HUGGING_FACE}/{spec.repository}"
    sign_in = "sign in with `hf auth login`, or set HF_TOKEN"
    return {
        401: f": {sign_in}",
        403: f": accept the conditions on {page}, then {sign_in}",
        404: f": look at {page}, or at the mirror named by HF_ENDPOINT",
        429: ": too many requests came from here; try again in a few minutes",
    }.get(status or 0, ": try again later" if status else "")


def _endpoint() -> str | None:
    return (os.environ.get("HF_ENDPOINT") or "").rstrip("/") or None


def _token() -> str:
    from huggingface_hub import get_token

    return get_token() or ""


def _from_kaggle(spec: Backbone, report: Report) -> Path:
    """KerasHub's preset, into the home folder, laid out as Kaggle's own cache.

    Raises:
        DownloadError: It cannot be fetched.
    """
    from keras_hub.models import Backbone as KerasHubBackbone

    presets: Any = KerasHubBackbone.presets
    preset = presets[spec.preset]
    total = 4 * preset["metadata"]["params"]  # bytes of float32
    handle = preset["kaggle_handle"].removeprefix("kaggle://")  # keras/vit/keras/vit_base_.../3
    arriving = checkpoints.kaggle() / "models" / Path(handle).parent
    with tempfile.TemporaryFile("w+") as complaint:
        quiet = {"TQDM_DISABLE": "1", "KAGGLEHUB_VERBOSITY": "error", "KAGGLEHUB_CACHE": str(checkpoints.kaggle())}
        process = subprocess.Popen(
            [sys.executable, "-P", "-c", _KAGGLE, handle],  # -P: nothing of the folder it is started in
            env=os.environ | quiet,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=complaint,
            text=True,
        )
        try:  # its library reports no progress and cannot be cancelled, so it has a process of its own
            while process.poll() is None:
                report(Progress("download", min(_bytes(arriving), total), total, "bytes"))
                time.sleep(LOOK)
            path, _ = process.communicate()
        finally:
            process.kill()
            process.wait()
        if process.returncode:
            complaint.seek(0)
            last = (complaint.read().strip().splitlines() or ["it ended without a reason"])[-1]
            raise DownloadError(textwrap.shorten(last, 120, placeholder=" …"))
    report(Progress("download", total, total, "bytes"))
    return Path(path.strip().splitlines()[-1])


def _bytes(folder: Path) -> int:
    size = 0
    for file in folder.rglob("*"):
        with contextlib.suppress(OSError):  # an archive just unpacked and deleted
            size += file.stat().st_size
    return size
