"""The ways by which an alert reaches somebody."""

from __future__ import annotations

import json
import logging
import os
import smtplib
import ssl
import urllib.request
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import Protocol

from alerts.alert import Alert
from alerts.settings import PASSWORD_VARIABLE, AlertSettings, EmailSettings

_LOG = logging.getLogger("alerts")


class Channel(Protocol):
    """One way."""

    @property
    def name(self) -> str:
        """As the settings call it."""
        ...

    def send(self, alert: Alert) -> None:
        """Deliver an alert.

        Raises:
            OSError: It could not be delivered; errors of HTTP and SMTP are of this kind.
        """
        ...


@dataclass(frozen=True)
class FileChannel:
    """One line of JSON an alert.

    Attributes:
        file: Made when it is first used.
    """

    file: Path
    name: str = "file"

    def send(self, alert: Alert) -> None:
        """Append the alert."""
        self.file.parent.mkdir(parents=True, exist_ok=True)
        with self.file.open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(alert.to_dict()) + "\n")


@dataclass(frozen=True)
class LogChannel:
    """The log of the process."""

    name: str = "log"

    def send(self, alert: Alert) -> None:
        """Log the alert as an error."""
        _LOG.error("%s: %s", alert.title, alert.message)


@dataclass(frozen=True)
class WebhookChannel:
    """An HTTP address that takes the alert as JSON, with ``text`` for chat services.

    Attributes:
        url: The address.
        timeout_seconds: How long it is waited for.
    """

    url: str
    timeout_seconds: float
    name: str = "webhook"

    def send(self, alert: Alert) -> None:
        """Post the alert; an answer other than 2xx is an error."""
        body = {**alert.to_dict(), "text": f"{alert.title}\n{alert.to_text()}"}
        request = urllib.request.Request(  # noqa: S310 - the settings let http and https through
            self.url, json.dumps(body).encode(), {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=self.timeout_seconds):  # noqa: S310 - as above
            return


@dataclass(frozen=True)
class EmailChannel:
    """Mail by SMTP.

    Attributes:
        settings: Server and addresses.
        password: Of the server's user, ``None`` where there is none.
        timeout_seconds: How long the server is waited for.
    """

    settings: EmailSettings
    password: str | None
    timeout_seconds: float
    name: str = "email"

    def send(self, alert: Alert) -> None:
        """Mail the alert to every recipient."""
        mail = EmailMessage()
        mail["Subject"] = alert.title
        mail["From"] = self.settings.sender
        mail["To"] = ", ".join(self.settings.recipients)
        mail.set_content(alert.to_text())
        host, port = self.settings.host, self.settings.port
        with smtplib.SMTP(host, port, timeout=self.timeout_seconds) as server:
            if self.settings.starttls:
                server.starttls(context=ssl.create_default_context())
            if self.settings.username is not None and self.password is not None:
                server.login(self.settings.username, self.password)
            server.send_message(mail)


def channels_of(settings: AlertSettings, file: Path) -> list[Channel]:
    """Return the channels that settings name, in their order.

    Args:
        settings: Checked.
        file: Where the channel ``file`` writes.
    """
    seconds = settings.timeout_seconds
    found: dict[str, Channel] = {"file": FileChannel(file), "log": LogChannel()}
    if settings.webhook.url is not None:
        found["webhook"] = WebhookChannel(settings.webhook.url, seconds)
    password = os.environ.get(PASSWORD_VARIABLE)
    found["email"] = EmailChannel(settings.email, password, seconds)
    return [found[name] for name in settings.channels]
