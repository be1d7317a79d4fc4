"""Progress in the terminal."""

import sys

from core.progress import Progress


class Bar:
    """A report that draws a bar for each stage on standard error, if that is a terminal."""

    def __init__(self):
        self._stage, self._bar = None, None

    def __enter__(self) -> "Bar":
        return self

    def __exit__(self, *_) -> None:
        if self._bar is not None:
            self._bar.close()

    def __call__(self, progress: Progress) -> None:
        from tqdm import tqdm

        if not progress.total:
            return
        if (progress.stage, progress.total) != self._stage or self._bar is None:
            self.__exit__()
            self._stage = (progress.stage, progress.total)
            is_size = progress.unit == "bytes"
            self._bar = tqdm(
                desc=progress.stage,
                total=progress.total,
                unit="B" if is_size else " " + progress.unit,
                unit_scale=is_size,
                file=sys.stderr,
                disable=None,
            )
        self._bar.update(progress.done - self._bar.n)
