"""Simulated marketplaces over real HTTP: the demo's other side, and what tests count in."""
