"""`botcore check`: the token, the server, the channels, and every permission in each of them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import timedelta

import aiohttp
import discord

from botcore.adapter import AdapterTools, Finding
from botcore.models import Channel

from .client import Client, meaning, words
from .invitation import IN_THREADS, NEEDED, invite_link
from .settings import DiscordSettings

CLOCK_OFF = timedelta(minutes=1)
WRITABLE = (discord.TextChannel, discord.Thread, discord.VoiceChannel, discord.StageChannel)


async def check(settings: DiscordSettings, tools: AdapterTools) -> Sequence[Finding]:
    """Asks over HTTP alone: no session of the gateway is spent on it."""
    client = Client(settings.base_url, tools.clock)
    try:
        return [finding async for finding in _findings(client, settings, tools.channels)]
    except (discord.LoginFailure, discord.HTTPException, aiohttp.ClientError, OSError) as error:
        return [Finding(False, str(meaning(error)))]
    finally:
        await client.close()


async def _findings(client: Client, settings: DiscordSettings, channels: Sequence[Channel]) -> AsyncIterator[Finding]:
    try:
        await client.login(settings.token.get_secret_value())
    except discord.LoginFailure as error:
        yield Finding(False, str(meaning(error)))
        return
    me = client.user
    assert me is not None  # noqa: S101 - there is one after a login
    yield Finding(True, f"the token is that of {me}")
    link = invite_link(client, settings)
    yield Finding(True, f"to invite it, or to give it what it lacks: {link}")
    try:
        guild = await client.fetch_guild(int(settings.guild), with_counts=False)
        member = await guild.fetch_member(me.id)
    except (discord.Forbidden, discord.NotFound):
        yield Finding(False, f"it is not in server {settings.guild}: invite it with the link above")
        return
    yield Finding(True, f"it is in server {guild.name}")
    if abs(client.ahead) > CLOCK_OFF:
        yield Finding(False, f"this machine's clock is {abs(client.ahead).total_seconds():.0f} s off: set it by NTP")
    if member.guild_permissions.administrator:
        yield Finding(False, "it is an administrator, and needs none of that: take the permission away")
    for channel in channels:
        yield await _channel(guild, member, channel)


async def _channel(guild: discord.Guild, member: discord.Member, channel: Channel) -> Finding:
    what = f"channel {channel.name}"
    if not channel.to.isdecimal():
        return Finding(False, f'{what}: to = "{channel.to[:40]}" is no id: right-click the channel and Copy Channel ID')
    try:
        found = await guild.fetch_channel(int(channel.to))
    except discord.InvalidData:
        return Finding(False, f"{what}: it is in another server")
    except discord.NotFound:
        return Finding(False, f"{what}: there is no channel {channel.to}")
    except discord.Forbidden as error:
        return Finding(False, f"{what}: it cannot be seen ({words(error)}): give the bot View Channel there")
    if not isinstance(found, WRITABLE):
        return Finding(False, f"{what}: #{found.name} holds no messages of its own")
    place = await guild.fetch_channel(found.parent_id) if isinstance(found, discord.Thread) else found
    granted = place.permissions_for(member)
    needed = IN_THREADS if isinstance(found, discord.Thread) else NEEDED
    missing = [label for name, label in needed.items() if not getattr(granted, name)]
    if missing:
        return Finding(False, f"{what}: #{found.name} lacks {', '.join(missing)}")
    return Finding(True, f"{what}: #{found.name} has {', '.join(needed.values())}")
