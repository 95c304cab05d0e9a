from __future__ import annotations

from alerts.alert import Alert
from recommender.errors import DataError


def test_an_error_of_ours_brings_place_remedy_and_code() -> None:
    plain = Alert.of(ValueError("first"), step="split_data", run="r1")
    assert (plain.step, plain.error, plain.run, plain.remedy) == (
        "split_data",
        "ValueError",
        "r1",
        None,
    )
    error = DataError("bad", place="ratings.csv, line 3", value=7, remedy="Mend it.")
    found = Alert.of(error, step="ingest_data", run="r2")
    assert (found.place, found.remedy, found.exit_code) == ("ratings.csv, line 3", "Mend it.", 3)
    assert found.to_dict()["message"] == str(error)


def test_a_title_is_one_line_and_the_text_says_what_to_do() -> None:
    error = DataError("bad", remedy="Mend it.")
    alert = Alert.of(error, step="two\nlines", run="r2")
    assert alert.title == "Movie Roulette: DataError in two lines"
    assert "Remedy: Mend it." in alert.to_text()
