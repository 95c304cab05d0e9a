"""What there is to ask: every address of the application, and the fields that its document names.

New routes are found by themselves: addresses come from the application's URL map, fields and the
shapes of bodies from its OpenAPI document.
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask_openapi3 import OpenAPI

Schema = Mapping[str, Any]

_ARGUMENT = re.compile(r"<(?:[a-z]+(?:\([^)]*\))?:)?([a-z_]+)>")
_LARGEST_ID = 400
#: How often a field that may be null is.
_LEFT_OUT = 0.8


@dataclass(frozen=True)
class Address:
    """One address and method.

    Attributes:
        method: The method.
        path: With ``{name}`` where a value belongs.
        queries: What may stand behind the question mark, with its schema.
        body: The schema of the body, or ``None``.
    """

    method: str
    path: str
    queries: Mapping[str, Schema]
    body: Schema | None


@dataclass(frozen=True)
class Surface:
    """Everything that may be asked.

    Attributes:
        addresses: Every address and method.
        schemas: The document's schemas, by name.
    """

    addresses: Sequence[Address]
    schemas: Mapping[str, Schema]

    @classmethod
    def of(cls, app: OpenAPI) -> Surface:
        """Return what ``app`` can be asked."""
        document = app.test_client().get("/openapi.json").get_json()
        found = []
        for rule in app.url_map.iter_rules():
            path = _ARGUMENT.sub(r"{\1}", rule.rule)
            for method in sorted((rule.methods or set()) - {"OPTIONS"}):
                said = document["paths"].get(path, {}).get(method.lower(), {})
                found.append(Address(method, path, _queries(said), _body(said)))
        return cls(found, document["components"]["schemas"])

    def example(self, schema: Schema, chance: random.Random, name: str = "") -> Any:
        """Return a value that mostly is as a schema wants it.

        Args:
            schema: The schema.
            chance: Draws it.
            name: Of the field, for what a schema leaves open.
        """
        if "$ref" in schema:
            return self.example(self.schemas[schema["$ref"].rpartition("/")[2]], chance, name)
        for choice in ("anyOf", "oneOf", "allOf"):
            if choice in schema:
                last = schema[choice][-1]
                is_left_out = last.get("type") == "null" and chance.random() < _LEFT_OUT
                wanted = last if is_left_out else chance.choice(schema[choice])
                return self.example(wanted, chance, name)
        if schema.get("type") == "null":
            return None
        if "enum" in schema:
            return chance.choice(schema["enum"])
        return self._of_type(schema, chance, name)

    def _of_type(self, schema: Schema, chance: random.Random, name: str) -> Any:
        kind = schema.get("type", "string")
        if kind == "object":
            return self._object(schema, chance)
        if kind == "array":
            items = schema.get("items", {})
            return [self.example(items, chance, name) for _ in range(chance.randrange(1, 4))]
        if kind == "integer":
            most = min(int(schema.get("maximum", _LARGEST_ID)), _LARGEST_ID)
            return chance.randint(int(schema.get("minimum", 1)), most)
        if kind == "number":
            return chance.choice((0.5, 0.8, 1, 4, 4.5))
        if kind == "boolean":
            return chance.random() < 0.5  # noqa: PLR2004 - as often as not
        return _text(schema, chance, name)

    def _object(self, schema: Schema, chance: random.Random) -> dict[str, Any]:
        required = set(schema.get("required", ()))
        return {
            name: self.example(item, chance, name)
            for name, item in schema.get("properties", {}).items()
            if name in required or chance.random() < 0.5  # noqa: PLR2004 - as often as not
        }


def _text(schema: Schema, chance: random.Random, name: str) -> str:
    if schema.get("format") == "date-time":
        return "2026-01-01T00:00:00Z"
    if "genre" in name or "category" in name:
        return chance.choice(("Action", "Drama", "War"))
    if "FeedbackType" in name:
        return chance.choice(("like", "star", "read"))
    if name.endswith(("Id", "movie_id", "user_id")):
        return str(chance.randint(1, _LARGEST_ID))
    return f"{name}-{chance.randrange(10**9)}"


def _queries(said: Schema) -> dict[str, Schema]:
    return {
        item["name"]: item["schema"] for item in said.get("parameters", ()) if item["in"] == "query"
    }


def _body(said: Schema) -> Schema | None:
    content = said.get("requestBody", {}).get("content", {})
    found: Schema | None = content.get("application/json", {}).get("schema")
    return found
