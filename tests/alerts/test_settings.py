from __future__ import annotations

from pathlib import Path

import pytest

from alerts.settings import PASSWORD_VARIABLE, AlertSettings
from recommender.errors import UsageError


def settings_of(tmp_path: Path, text: str, **environ: str) -> AlertSettings:
    file = tmp_path / "alerts.yaml"
    file.write_text(text)
    return AlertSettings.load(file, environ)


def test_the_file_of_the_project_can_be_obeyed() -> None:
    assert AlertSettings.load(environ={}).channels == ("file",)


def test_the_environment_keeps_the_secrets(tmp_path: Path) -> None:
    found = settings_of(
        tmp_path, "channels: [webhook]", MOVIE_ROULETTE_WEBHOOK_URL="http://127.0.0.1:1/x"
    )
    assert found.webhook.url == "http://127.0.0.1:1/x"
    mail = "channels: [email]\nemail: {username: me, starttls: true, recipients: [a@b.org]}"
    with pytest.raises(UsageError, match="MOVIE_ROULETTE_SMTP_PASSWORD"):
        settings_of(tmp_path, mail)
    settings_of(tmp_path, mail, **{PASSWORD_VARIABLE: "x"})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("channels: [pigeon]", "pigeon.*file, log, webhook, email"),
        ("chanels: [file]", "channels"),
        ("channels: [webhook]", "webhook.url"),
        ("channels: [webhook]\nwebhook: {url: 'file:///etc/passwd'}", "http or https"),
        ("channels: [email]", "email.recipients"),
        ("channels: [email]\nemail: {username: me, recipients: [a@b.org]}", "email.starttls"),
        ("timeout_seconds: 0", "timeout_seconds"),
        ("email: {password: secret}", "password"),
    ],
)
def test_what_could_never_deliver_is_refused(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        settings_of(tmp_path, text)
