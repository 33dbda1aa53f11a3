"""Slash commands, written once for every messenger."""
