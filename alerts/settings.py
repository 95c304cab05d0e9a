"""By which channels people are told: ``configs/alerts.yaml``, and secrets from the environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import environment
from recommender.errors import UsageError
from recommender.settings import read_settings

CONFIG_FILE = environment.ROOT / "configs" / "alerts.yaml"
CHANNELS = ("file", "log", "webhook", "email")
#: The password of the mail server; it stands in no file.
PASSWORD_VARIABLE = "MOVIE_ROULETTE_SMTP_PASSWORD"  # noqa: S105 - the name of a variable
#: Wins over ``webhook.url``, since such addresses often hold a secret.
WEBHOOK_VARIABLE = "MOVIE_ROULETTE_WEBHOOK_URL"


@dataclass(frozen=True)
class WebhookSettings:
    """Where alerts are posted.

    Attributes:
        url: HTTP address that takes an alert as JSON.
    """

    url: str | None = None


@dataclass(frozen=True)
class EmailSettings:
    """How alerts are mailed.

    Attributes:
        host: Mail server.
        port: Its port.
        starttls: Whether to encrypt before anything is said; needed with a user name.
        username: As whom to log in, with the password from the environment; ``None`` for nobody.
        sender: Address from which mail comes.
        recipients: Addresses to which it goes.
    """

    host: str = "localhost"
    port: int = 25
    starttls: bool = False
    username: str | None = None
    sender: str = "movie-roulette@localhost"
    recipients: tuple[str, ...] = ()


@dataclass(frozen=True)
class AlertSettings:
    """By which channels people are told.

    Attributes:
        channels: Of `CHANNELS`.
        timeout_seconds: How long a channel over the network is waited for.
        webhook: Where alerts are posted.
        email: How they are mailed.
    """

    channels: tuple[str, ...] = ("file",)
    timeout_seconds: float = 5.0
    webhook: WebhookSettings = field(default_factory=WebhookSettings)
    email: EmailSettings = field(default_factory=EmailSettings)

    def __post_init__(self) -> None:
        if unknown := [name for name in self.channels if name not in CHANNELS]:
            raise UsageError(
                "there is no such channel",
                place="channels",
                value=unknown[0],
                remedy=f"Channels: {', '.join(CHANNELS)}.",
            )
        if not self.timeout_seconds > 0:
            raise UsageError("must be above 0", place="timeout_seconds", value=self.timeout_seconds)

    @classmethod
    def load(
        cls, file: Path = CONFIG_FILE, environ: Mapping[str, str] | None = None
    ) -> AlertSettings:
        """Return the settings of a file, with what the environment keeps secret.

        Raises:
            UsageError: A key is unknown, a value ill-typed, or a channel lacks what it needs.
        """
        variables = os.environ if environ is None else environ
        url = variables.get(WEBHOOK_VARIABLE)
        found = read_settings(cls, file, {"webhook.url": url} if url else {})
        found.check(variables)
        return found

    def check(self, environ: Mapping[str, str]) -> None:
        """Refuse a channel that could never deliver.

        Raises:
            UsageError: It names the setting.
        """
        if "webhook" in self.channels and not _is_http(self.webhook.url):
            raise UsageError(
                "the channel `webhook` needs an http or https address",
                place="webhook.url",
                remedy=f"Set it in configs/alerts.yaml or by {WEBHOOK_VARIABLE}.",
            )
        if "email" not in self.channels:
            return
        if not self.email.recipients:
            raise UsageError("the channel `email` needs recipients", place="email.recipients")
        if self.email.username is None:
            return
        if not self.email.starttls:
            raise UsageError(
                "a password is sent over an encrypted connection only",
                place="email.starttls",
                remedy="Set it to true.",
            )
        if not environ.get(PASSWORD_VARIABLE):
            raise UsageError(
                "the mail server's password is missing",
                place=PASSWORD_VARIABLE,
                remedy="Set the variable; the password stands in no file.",
            )


def _is_http(url: str | None) -> bool:
    parts = urlsplit(url or "")
    return parts.scheme in ("http", "https") and bool(parts.hostname)
