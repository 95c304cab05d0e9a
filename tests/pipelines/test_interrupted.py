from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.interrupted import close_interrupted, work_folder


def test_a_work_folder_is_gone_after_use_even_on_an_error(tmp_path: Path) -> None:
    folder = tmp_path / "work" / "1"
    with work_folder(folder, "run"):
        (folder / "leftover").write_text("x")
    assert not folder.exists()
    with pytest.raises(ValueError, match="boom"), work_folder(folder, "run"):
        raise ValueError("boom")
    assert not folder.exists()


@pytest.mark.usefixtures("zenml_store")
def test_only_the_folders_of_dead_runs_are_closed(tmp_path: Path, repo: Path) -> None:
    script = (
        "import os, signal, sys; from pathlib import Path;"
        "import environment; environment.apply();"
        "from pipelines.interrupted import work_folder;"
        f"folder = Path({str(tmp_path)!r}) / 'work' / 'dead';"
        "holder = work_folder(folder, 'killed-run'); holder.__enter__();"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=repo, check=False, timeout=120)
    assert done.returncode == -9
    with work_folder(tmp_path / "work" / "alive", "running-run"):
        assert close_interrupted(tmp_path) == ["killed-run"]
        assert [folder.name for folder in (tmp_path / "work").iterdir()] == ["alive"]
