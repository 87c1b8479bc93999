"""Analysis on a Ray cluster (``pip install '.[ray]'``)."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from ._wms import Params, Store, _analyze_into, _finish_store, _list_with_remarks, _prepare_store
from .errors import AudioFileError, ParameterError, WmsError

# How often a recording is retried if its worker dies.
_RETRIES = 3
# Tasks given to Ray at a time for each processor, enough to keep all of them busy.
_AHEAD = 4


def update_store(
    path: str | os.PathLike[str],
    source: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
    params: Params,
    *,
    channel: str = "mix",
    address: str | None = None,
    num_cpus: int | None = None,
    prune: bool = False,
    progress: Callable[[int, int, int, float], object] | None = None,
) -> Store:
    """Bring a store up to date as `Store.update` does, on the cores of a Ray cluster.

    Each recording is analysed on one core. The recordings and the store must have the same paths on
    every machine.

    Parameters
    ----------
    path, source, params, channel, prune, progress
        The arguments of `Store.update`.
    address : str, optional
        Address of the cluster. Default: a cluster of this machine's cores is started and ended by
        this call. If Ray is initialised already, its cluster is used.
    num_cpus : int, optional
        Cores of a cluster that is started by this call; default: all.

    Raises
    ------
    WmsError
        If Ray is not installed, or the cluster cannot be reached.
    """
    try:
        import ray
    except ImportError as error:
        raise WmsError("--ray needs Ray: pip install '.[ray]' in the checkout") from error
    folder = Path(path).resolve()
    listed, remarks = _list_with_remarks(source)
    files = sorted(set(listed))
    if not files:
        raise ParameterError("no audio file was given, wanted at least one")
    _prepare_store(folder, params)
    given = params.to_dict()
    recordings: list[tuple[tuple[str, str, int, float], list[str]]] = []
    skipped: list[tuple[Path, str]] = []
    kept = frames = done_bytes = 0
    total_bytes = sum(file.stat().st_size for file in files) or 1
    with _cluster(ray, address, num_cpus):
        task = ray.remote(num_cpus=1, max_retries=_RETRIES)(_analyze)
        ahead = max(1, _AHEAD * int(ray.cluster_resources().get("CPU", 1)))
        waiting: list[Path] = files[::-1]
        running: dict[Any, Path] = {}
        while waiting or running:
            while waiting and len(running) < ahead:
                file = waiting.pop()
                running[task.remote(str(folder), str(file.resolve()), given, channel)] = file
            finished, _ = ray.wait(list(running), timeout=0.2)
            for reference in finished:
                file = running.pop(reference)
                found, reason = _result(ray, reference, file)
                done_bytes += file.stat().st_size
                if found is None:
                    skipped.append((file, reason))
                    continue
                recording, warnings, was_there = found
                recordings.append(((str(file), *recording[1:]), warnings))
                kept += was_there
                frames += 0 if was_there else int(recording[2])
            if progress is not None:
                done = len(recordings) + len(skipped)
                progress(done, len(files), frames, done_bytes / total_bytes)
    if not recordings:
        first = skipped[0][1]
        if len(files) == 1:
            raise AudioFileError(first)
        raise ParameterError(
            f"none of the {len(files)} audio files can be read; the first: {first}"
        )
    return _finish_store(folder, params, recordings, skipped, remarks, prune=prune, kept=kept)


def _analyze(folder: str, file: str, params: dict[str, Any], channel: str) -> Any:
    """Analyse one recording in a worker."""
    return _analyze_into(folder, file, Params.from_dict(params), channel)


def _result(ray: Any, reference: Any, file: Path) -> Any:
    try:
        return ray.get(reference)
    except ray.exceptions.RayTaskError as error:
        raise WmsError(f"{file}: {error.cause}") from error
    except ray.exceptions.RayError as error:
        raise WmsError(
            f"{file}: its worker died {_RETRIES + 1} times: {str(error).splitlines()[0]}"
        ) from error


@contextlib.contextmanager
def _cluster(ray: Any, address: str | None, num_cpus: int | None) -> Iterator[None]:
    """Connect to the cluster; disconnect at the end unless it was connected before."""
    if ray.is_initialized():
        yield
        return
    try:
        ray.init(
            address=address or "local",
            num_cpus=None if address else num_cpus,
            include_dashboard=False if not address else None,
            log_to_driver=False,
            logging_level="error",
        )
    except (ConnectionError, ValueError, RuntimeError) as error:
        raise WmsError(f"Ray at {address}: {str(error).splitlines()[0]}") from error
    try:
        yield
    finally:
        ray.shutdown()
