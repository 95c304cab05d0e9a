"""Dashboards and panels as plain records, and the JSON that Grafana takes of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

_DATASOURCE = {"type": "prometheus", "uid": "prometheus"}
_WIDTH, _COLUMNS, _HEIGHT = 24, 3, 8
_SCHEMA = 39

PanelKind = Literal["timeseries", "stat", "table"]


@dataclass(frozen=True)
class Query:
    """One expression of a panel.

    Attributes:
        expression: In PromQL.
        legend: What a line is called; labels stand in double braces.
    """

    expression: str
    legend: str = ""


@dataclass(frozen=True)
class Panel:
    """One panel.

    Attributes:
        title: What it shows.
        meaning: How to read it, as a full sentence.
        queries: What is drawn.
        unit: Of the values, by Grafana's name.
        kind: How it is drawn.
        threshold: Value from which it is an alarm, or ``None``.
        most: Upper end of the axis, or ``None`` for what the values need.
    """

    title: str
    meaning: str
    queries: Sequence[Query]
    unit: str = "short"
    kind: PanelKind = "timeseries"
    threshold: float | None = None
    most: float | None = None


@dataclass(frozen=True)
class Dashboard:
    """One dashboard.

    Attributes:
        uid: Names it in addresses and as a file.
        title: What it is about.
        panels: Row by row.
    """

    uid: str
    title: str
    panels: Sequence[Panel]


def to_grafana(dashboard: Dashboard) -> dict[str, Any]:
    """Return a dashboard as Grafana's JSON model; the same dashboard gives the same JSON."""
    return {
        "annotations": {"list": []},
        "editable": False,
        "graphTooltip": 1,
        "panels": [_panel(number, panel) for number, panel in enumerate(dashboard.panels)],
        "refresh": "30s",
        "schemaVersion": _SCHEMA,
        "tags": ["movie-roulette"],
        "templating": {"list": []},
        "time": {"from": "now-6h", "to": "now"},
        "timezone": "browser",
        "title": f"Movie Roulette: {dashboard.title}",
        "uid": dashboard.uid,
        "version": 1,
    }


def _panel(number: int, panel: Panel) -> dict[str, Any]:
    width = _WIDTH // _COLUMNS
    place = {
        "h": _HEIGHT,
        "w": width,
        "x": width * (number % _COLUMNS),
        "y": _HEIGHT * (number // _COLUMNS),
    }
    return {
        "id": number + 1,
        "type": panel.kind,
        "title": panel.title,
        "description": panel.meaning,
        "datasource": _DATASOURCE,
        "gridPos": place,
        "targets": [_target(place, query, panel) for place, query in enumerate(panel.queries)],
        "fieldConfig": {"defaults": _defaults(panel), "overrides": []},
        "options": _options(panel),
    }


def _target(place: int, query: Query, panel: Panel) -> dict[str, Any]:
    is_table = panel.kind == "table"
    return {
        "refId": chr(ord("A") + place),
        "datasource": _DATASOURCE,
        "expr": query.expression,
        "legendFormat": query.legend or "__auto",
        "format": "table" if is_table else "time_series",
        "instant": is_table,
        "range": not is_table,
    }


def _defaults(panel: Panel) -> dict[str, Any]:
    steps: list[dict[str, Any]] = [{"color": "blue", "value": None}]
    found: dict[str, Any] = {"unit": panel.unit, "min": 0}
    if panel.most is not None:
        found["max"] = panel.most
    if panel.threshold is not None:
        steps.append({"color": "red", "value": panel.threshold})
        if panel.kind == "timeseries":
            found["custom"] = {"thresholdsStyle": {"mode": "line"}}
    return {**found, "thresholds": {"mode": "absolute", "steps": steps}}


def _options(panel: Panel) -> dict[str, Any]:
    if panel.kind == "stat":
        reduced = {"calcs": ["lastNotNull"], "fields": "", "values": False}
        return {"reduceOptions": reduced, "textMode": "value_and_name", "graphMode": "area"}
    if panel.kind == "table":
        return {"showHeader": True}
    legend = {"displayMode": "list", "placement": "bottom", "showLegend": True}
    return {"legend": legend, "tooltip": {"mode": "multi", "sort": "desc"}}
