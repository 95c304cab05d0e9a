"""How long a worker takes to load a model, and how much memory of its own each model costs.

    python -m benchmarks.model_loading
    python -m benchmarks.model_loading --bundle var/published/bundles/DIGEST

A bundle with arrays of realistic shapes and random content (or a given one) is published twice,
as production and as the model before. A process of its own then does what a worker does: it opens
the marked bundle, maps it, warms it, probes it, follows the pointer and keeps the model before
loaded beside it. While eight threads make lists, production is withdrawn ten times over, as by
another process; the time is that until the model before answers. The full check of hashes and
numbers, which the publisher does once, is timed beside it. Files are in memory, as after
publishing. The processor's time of the start tells waiting from work on a busy machine.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from benchmarks.recommend import private_megabytes, write_synthetic
from benchmarks.report import at_most, emit, say
from recommender.bundle import MANIFEST, open_bundle
from recommender.errors import UsageError
from recommender.inference import Recommender
from recommender.publication import Pointer, PublishedFolder, PublishedModel
from recommender.soundness import check_sound, mark_sound, open_sound
from serving.models.loading import probe, warm
from serving.models.slot import ModelSlot, withdraw_production
from serving.settings import ModelSettings

ROOT = Path(__file__).resolve().parents[1]
_START_MS, _ROLLBACK_MS, _PRIVATE_MB = 1500.0, 1000.0, 150.0
_REPEATS, _ROLLBACKS, _THREADS, _USERS = 5, 10, 8, 500
_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark and return the exit status."""
    options = _parser().parse_args(arguments)
    if options.measure is not None:
        print(json.dumps(measure(options.measure)))
        return 0
    with tempfile.TemporaryDirectory() as work:
        source = options.bundle or Path(work) / "bundle"
        if options.bundle is None:
            say("writing the bundle")
            write_synthetic(source, options.movies, options.users)
        publish(source, PublishedFolder(Path(work) / "published"))
        say("measuring")
        command = [sys.executable, "-m", "benchmarks.model_loading", "--measure", work]
        done = subprocess.run(
            command, cwd=ROOT, env=os.environ | _ONE_THREAD, capture_output=True, check=True
        )
        size = sum(file.stat().st_size for file in source.iterdir()) / 1e6
    found = json.loads(done.stdout)
    figures = {"bundle_mb": round(size, 1), **found}
    checks = [
        at_most("start_ms", found["start_ms"], _START_MS),
        at_most("rollback_under_load_ms", found["rollback_under_load_ms"], _ROLLBACK_MS),
        at_most("private_memory_mb", found["private_mb"]["both_after_answers"], _PRIVATE_MB),
    ]
    return emit(figures, checks, check=options.check)


def publish(source: Path, folder: PublishedFolder) -> None:
    """Publish the bundle in ``source`` as production, and once more under another seed before."""
    models = []
    for version in ("2", "1"):
        copy = folder.root / f"copy-{version}"
        shutil.copytree(source, copy)
        manifest = json.loads((copy / MANIFEST).read_text(encoding="utf-8"))
        text = json.dumps(manifest | {"seed": int(version)}, indent=2, sort_keys=True) + "\n"
        (copy / MANIFEST).unlink()
        (copy / MANIFEST).write_text(text, encoding="utf-8")
        digest = open_bundle(copy, verify=False).digest
        folder.bundles.mkdir(exist_ok=True)
        copy.rename(folder.bundle(digest))
        mark_sound(folder, open_bundle(folder.bundle(digest), verify=False))
        models.append(PublishedModel("benchmark", version, digest))
    folder.write_pointer(Pointer(models[0], models[1], "now"))


def measure(work: Path) -> dict[str, Any]:
    """Return times in milliseconds and memory in megabytes of this process."""
    folder = PublishedFolder(work / "published")
    empty = private_megabytes(folder.root)
    slot = ModelSlot(folder, ModelSettings())
    busy = time.process_time()
    start = _timed(slot.start)
    busy = round(1000.0 * (time.process_time() - busy), 1)
    alone = private_megabytes(folder.root)
    while slot.previous() is None:
        time.sleep(0.01)
    both = private_megabytes(folder.root)
    rollbacks = _roll_back_under_load(slot, folder)
    memory = {
        "without_model": empty,
        "production": alone,
        "both": both,
        "both_after_answers": private_megabytes(folder.root),
    }
    slot.stop()
    return {
        "start_ms": start,
        "start_cpu_ms": busy,
        "rollback_under_load_ms": max(rollbacks),
        "stages_ms": _stages(folder),
        "private_mb": memory,
    }


def _roll_back_under_load(slot: ModelSlot, folder: PublishedFolder) -> list[float]:
    ended = threading.Event()
    threads = [threading.Thread(target=_ask, args=(slot, ended)) for _ in range(_THREADS)]
    for thread in threads:
        thread.start()
    try:
        return [_roll_back(slot, folder) for _ in range(_ROLLBACKS)]
    finally:
        ended.set()
        for thread in threads:
            thread.join()


def _ask(slot: ModelSlot, ended: threading.Event) -> None:
    user = 0
    while not ended.is_set() and (model := slot.current()) is not None:
        user = (user + 1) % min(_USERS, model.recommender.user_ids.size)
        model.recommender.recommend(int(model.recommender.user_ids[user]), 20)


def _roll_back(slot: ModelSlot, folder: PublishedFolder) -> float:
    """Withdraw production, then publish the two models the other way round."""
    pointer = folder.pointer()
    if pointer is None or pointer.previous is None:
        raise UsageError("two models must be published", place=str(folder.root))
    taken = _timed(lambda: _withdraw(slot, folder, pointer.previous))
    folder.write_pointer(Pointer(pointer.previous, pointer.production, f"after {taken} ms"))
    folder.end_withdrawal()
    while slot.previous() is None:
        time.sleep(0.01)
    return taken


def _withdraw(slot: ModelSlot, folder: PublishedFolder, awaited: PublishedModel | None) -> None:
    withdraw_production(folder, "command", "measured")
    while (model := slot.current()) is None or awaited is None or model.digest != awaited.digest:
        time.sleep(0.001)


def _stages(folder: PublishedFolder) -> dict[str, float]:
    pointer = folder.pointer()
    digest = "" if pointer is None else pointer.production.digest
    bundle = open_sound(folder, digest)
    recommender = Recommender.from_bundle(bundle)
    return {
        "open_by_marks": _best(lambda: open_sound(folder, digest)),
        "full_check": _best(lambda: check_sound(bundle)),
        "open_and_map": _best(lambda: Recommender.from_bundle(open_sound(folder, digest))),
        "warm": _timed(lambda: warm(recommender)),
        "probe": _best(lambda: probe(recommender, ModelSettings().n_probes)),
    }


def _timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return round(1000.0 * (time.perf_counter() - start), 1)


def _best(work: Callable[[], object]) -> float:
    return min(_timed(work) for _ in range(_REPEATS))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.model_loading", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--movies", type=int, default=60_000)
    parser.add_argument("--users", type=int, default=150_000)
    parser.add_argument("--bundle", type=Path, help="folder of a bundle to measure instead")
    parser.add_argument("--check", action="store_true", help="exit 1 when a promise is not kept")
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    return parser


if __name__ == "__main__":
    sys.exit(main())
