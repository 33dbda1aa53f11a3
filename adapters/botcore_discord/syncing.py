"""Which commands there are, told to the server only when that has changed: Discord counts what is told in a day."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

import discord

from botcore.store.port import Reader, Store, Tx


async def sync_commands(
    client: discord.Client, store: Store, guild: str, definitions: Sequence[Mapping[str, Any]], *, force: bool = False
) -> bool:
    """Replaces all commands of the server by these, in one request; whether one was needed. The client is logged in.
    Raises what the library raises."""
    key = f"commands {client.application_id} {guild}"
    digest = hashlib.sha256(json.dumps(definitions, sort_keys=True).encode()).hexdigest()
    if not force and await store.read(_told, key) == digest:
        return False
    if client.application_id is None:
        raise RuntimeError("the client is not logged in")
    await client.http.bulk_upsert_guild_commands(client.application_id, int(guild), [*definitions])  # type: ignore[list-item]
    await store.tx(_tell, key, digest)
    return True


def _told(reader: Reader, key: str) -> str | None:
    digest: str | None = reader.value("SELECT value FROM discord_meta WHERE key = :key", key=key)
    return digest


def _tell(tx: Tx, key: str, digest: str) -> None:
    tx.q(
        """INSERT INTO discord_meta (key, value) VALUES (:key, :digest)
           ON CONFLICT (key) DO UPDATE SET value = excluded.value""",
        key=key,
        digest=digest,
    )
