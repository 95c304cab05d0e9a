from __future__ import annotations

import json
import logging
import socket
from email import message_from_string
from pathlib import Path

import pytest

from alerts.alert import Alert
from alerts.channels import (
    Channel,
    EmailChannel,
    FileChannel,
    LogChannel,
    WebhookChannel,
    channels_of,
)
from alerts.delivery import SETTINGS, Delivery, read_failures
from alerts.settings import AlertSettings, EmailSettings, WebhookSettings
from recommender.errors import DataError
from tests.alerts.sinks import http_sink, smtp_sink

ALERT = Alert.of(DataError("Ratings are bad", remedy="Mend them."), step="validate_data", run="r7")


def mail_to(port: int, *recipients: str) -> EmailChannel:
    where = EmailSettings("127.0.0.1", port, recipients=recipients)
    return EmailChannel(where, None, 5.0)


def test_every_channel_gets_the_alert(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    file = tmp_path / "alerts" / "alerts.jsonl"
    with http_sink() as (url, posted), smtp_sink() as (port, mails):
        chosen = AlertSettings(
            ("file", "log", "webhook", "email"),
            webhook=WebhookSettings(url),
            email=EmailSettings("127.0.0.1", port, recipients=("a@example.org", "b@example.org")),
        )
        Delivery(channels_of(chosen, file), tmp_path / "failures.json").send(ALERT)
    assert json.loads(file.read_text()) == ALERT.to_dict()
    assert posted[0].pop("text").startswith("Movie Roulette: DataError in validate_data")
    assert posted == [ALERT.to_dict()]
    mail = message_from_string(mails[0])
    assert mail["To"] == "a@example.org, b@example.org"
    assert mail["Subject"] == ALERT.title
    assert "Remedy: Mend them." in str(mail.get_payload())
    assert "Ratings are bad" in caplog.text
    assert read_failures(tmp_path / "failures.json") == {}


def test_a_channel_that_fails_is_logged_and_counted_and_the_others_get_theirs(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        nobody = probe.getsockname()[1]
    blocked = tmp_path / "blocked"
    blocked.write_text("")
    kept = FileChannel(tmp_path / "alerts.jsonl")
    with http_sink(500) as (url, _), smtp_sink(refuse=True) as (port, _):
        channels: list[Channel] = [
            WebhookChannel(url, 5.0),
            mail_to(port, "a@example.org"),
            mail_to(nobody, "a@example.org"),
            FileChannel(blocked / "alerts.jsonl"),
            LogChannel(),
            kept,
        ]
        delivery = Delivery(channels, tmp_path / "failures.json")
        with caplog.at_level(logging.WARNING):
            delivery.send(ALERT)
            delivery.send(ALERT)
    assert len(kept.file.read_text().splitlines()) == 2
    counts = {name: item["failures"] for name, item in read_failures(delivery.failures).items()}
    assert counts == {"webhook": 2, "email": 4, "file": 2}
    assert "not delivered by webhook" in caplog.text


def test_settings_that_cannot_be_obeyed_are_counted_and_the_alert_is_kept(
    tmp_path: Path,
) -> None:
    broken = tmp_path / "alerts.yaml"
    broken.write_text("channels: [pigeon]")
    delivery = Delivery.configured(tmp_path / "alerts.jsonl", broken)
    delivery.send(ALERT)
    assert json.loads((tmp_path / "alerts.jsonl").read_text())["run"] == "r7"
    (found,) = read_failures(delivery.failures).items()
    assert found[0] == SETTINGS
    assert "pigeon" in found[1]["error"]


def test_counts_that_were_damaged_begin_anew(tmp_path: Path) -> None:
    delivery = Delivery((), tmp_path / "failures.json")
    delivery.failures.write_text("{")
    delivery.count("webhook", OSError("gone"))
    assert read_failures(delivery.failures)["webhook"]["failures"] == 1


def test_a_mail_server_is_logged_in_to_over_an_encrypted_connection_only() -> None:
    with smtp_sink() as (port, mails):
        secured = EmailSettings("127.0.0.1", port, True, "me", recipients=("a@example.org",))
        with pytest.raises(OSError, match="STARTTLS"):
            EmailChannel(secured, "secret", 5.0).send(ALERT)
    assert mails == []
