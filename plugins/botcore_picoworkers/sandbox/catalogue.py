"""Zones and categories as the older document has them."""

from __future__ import annotations

from dataclasses import replace

from botcore_sproutgigs.sandbox import catalogue

ZONES = tuple(
    replace(zone, name="Muslim countries") if zone.id == "muslim" else zone
    for zone in catalogue.ZONES
    if zone.id != "arab1"
)
CATEGORIES = catalogue.CATEGORIES
