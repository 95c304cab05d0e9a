"""``python -m deploy.monitoring.dashboards`` writes the JSON of the dashboards.

``--check`` says whether the files are those of this code.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from deploy.monitoring.dashboards.drift import DRIFT
from deploy.monitoring.dashboards.panels import to_grafana
from deploy.monitoring.dashboards.pipelines import PIPELINES
from deploy.monitoring.dashboards.quality import QUALITY
from deploy.monitoring.dashboards.service import SERVICE

FOLDER = Path(__file__).parents[1] / "grafana" / "dashboards"
DASHBOARDS = (SERVICE, QUALITY, DRIFT, PIPELINES)


def files() -> dict[Path, str]:
    """Return the JSON of every dashboard, by its file."""
    return {
        FOLDER / f"{dashboard.uid}.json": json.dumps(to_grafana(dashboard), indent=2) + "\n"
        for dashboard in DASHBOARDS
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the files, or check them, and return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m deploy.monitoring.dashboards")
    parser.add_argument("--check", action="store_true", help="write nothing; 1 where they differ")
    checking = parser.parse_args(arguments).check
    stale = [file for file, text in files().items() if not _holds(file, text)]
    for file in stale:
        sys.stdout.write(f"{'differs' if checking else 'written'}: {file}\n")
        if not checking:
            file.write_text(files()[file], encoding="utf-8")
    return int(checking and bool(stale))


def _holds(file: Path, text: str) -> bool:
    return file.is_file() and file.read_text(encoding="utf-8") == text


if __name__ == "__main__":
    sys.exit(main())
