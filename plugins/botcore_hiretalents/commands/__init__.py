"""What only HireTalents has, as people type it."""

from __future__ import annotations

from . import jobs, teams

COMMANDS = (*teams.COMMANDS, *jobs.COMMANDS)
OPERATIONS = (*teams.OPERATIONS, *jobs.OPERATIONS)
