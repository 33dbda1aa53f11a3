"""What the bot must be allowed, and the link by which it is invited with exactly that."""

from __future__ import annotations

import discord

from .settings import DiscordSettings

NEEDED = {
    "view_channel": "View Channel",
    "send_messages": "Send Messages",
    "attach_files": "Attach Files",
    "read_message_history": "Read Message History",
}
IN_THREADS = {  # there Send Messages counts for nothing
    "send_messages_in_threads": "Send Messages in Threads",
    **{name: label for name, label in NEEDED.items() if name != "send_messages"},
}
SCOPES = ("bot", "applications.commands")


def invite_link(client: discord.Client, settings: DiscordSettings) -> str:
    """For whoever manages the server. Works after the login; "" before it."""
    if client.application_id is None:
        return ""
    return discord.utils.oauth_url(
        client.application_id,
        permissions=discord.Permissions(**dict.fromkeys(NEEDED, True)),
        guild=discord.Object(int(settings.guild)),
        disable_guild_select=True,
        scopes=SCOPES,
    )
