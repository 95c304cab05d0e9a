from __future__ import annotations

import json
from pathlib import Path

from pipelines.alerts import append_alert
from recommender.errors import DataError


def test_alerts_are_appended_with_place_remedy_and_code(tmp_path: Path) -> None:
    file = tmp_path / "alerts" / "alerts.jsonl"
    append_alert(ValueError("first"), step="split_data", run="r1", file=file)
    error = DataError("bad", place="ratings.csv, line 3", value=7, remedy="Mend it.")
    append_alert(error, step="ingest_data", run="r2", file=file)
    first, second = (json.loads(line) for line in file.read_text().splitlines())
    assert (first["step"], first["error"], first["run"]) == ("split_data", "ValueError", "r1")
    assert (second["place"], second["remedy"], second["exit_code"]) == (
        "ratings.csv, line 3",
        "Mend it.",
        3,
    )
