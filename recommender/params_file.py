"""Write values into ``params.yaml`` so that its comments and layout survive."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from recommender.errors import UsageError


def write_values(file: Path, values: Mapping[str, int | float]) -> None:
    """Set dotted keys of a YAML file, replaced whole or not at all.

    Args:
        file: The file.
        values: For example ``{"model.n_factors": 50}``.

    Raises:
        UsageError: The file cannot be read or written, or a key has no place in it.
    """
    try:
        text = file.read_text(encoding="utf-8")
        changed = with_values(text, values, place=str(file))
        fresh = file.with_name(f".{file.name}.new")
        fresh.write_text(changed, encoding="utf-8")
        fresh.chmod(file.stat().st_mode)
        fresh.replace(file)
    except OSError as error:
        raise UsageError(
            "the parameters cannot be written", place=str(file), value=error.strerror
        ) from error


def with_values(text: str, values: Mapping[str, int | float], *, place: str) -> str:
    r"""Return YAML ``text`` with other values of dotted keys; every other character stays.

    A key that the file leaves to its default gets a line at the end of its group.

    Args:
        text: Nested mappings in YAML.
        values: By dotted key.
        place: Where the text stands, for messages.

    Raises:
        UsageError: The text is not YAML, or a key's group is absent or not a mapping.

    >>> with_values("a:\n  b: 1  # one\n", {"a.b": 2}, place="f")
    'a:\n  b: 2  # one\n'
    """
    for key, value in values.items():
        text = _with_value(text, key, value, place)
    return text


def _with_value(text: str, key: str, value: float, place: str) -> str:
    *groups, name = key.split(".")
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        raise UsageError(f"not valid YAML: {error}", place=place) from error
    for group in groups:
        node = _child(node, group)
    if not isinstance(node, yaml.MappingNode) or not node.value:
        raise UsageError("has no place for the key", place=place, value=key)
    found = _child(node, name)
    if found is None:
        return _with_line(text, node, f"{name}: {_scalar(value)}")
    if not isinstance(found, yaml.ScalarNode):
        raise UsageError("holds no single value", place=place, value=key)
    start, end = found.start_mark.index, found.end_mark.index
    return f"{text[:start]}{_scalar(value)}{text[end:]}"


def _child(node: Any, name: str) -> Any:
    """Return the node below the key ``name``, or ``None`` if there is none."""
    if not isinstance(node, yaml.MappingNode):
        return None
    return next((value for key, value in node.value if key.value == name), None)


def _with_line(text: str, node: yaml.MappingNode, line: str) -> str:
    """Insert ``line`` after the last value of a mapping, with the indentation of its keys."""
    first, last = node.value[0][0], node.value[-1][1]
    if node.flow_style:
        at = last.end_mark.index
        return f"{text[:at]}, {line}{text[at:]}"
    newline = text.find("\n", last.end_mark.index)
    at = len(text) if newline < 0 else newline
    return f"{text[:at]}\n{' ' * first.start_mark.column}{line}{text[at:]}"


def _scalar(value: float) -> str:
    """Return a number as YAML 1.1 reads it back: an exponent needs a point and a sign."""
    text = repr(value)
    mantissa, letter, exponent = text.partition("e")
    if not letter:
        return text
    return f"{mantissa}{'' if '.' in mantissa else '.0'}e{exponent}"
