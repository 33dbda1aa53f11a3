"""The least that answers in a messenger: the library as it comes, and the same core behind it.

They keep nothing: what comes twice is done twice, what comes while they are down is lost.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Any

from benchmarks.messenger import Pretended
from botcore.adapter import Actor
from botcore.app import Bot
from botcore.drawing import draw_named
from botcore.ui import Card, Fields, Reply, Result, Text

if TYPE_CHECKING:
    import discord
    import telegram
    from telegram.ext import Application


@asynccontextmanager
async def bare_discord(place: Pretended, bot: Bot) -> AsyncIterator[None]:
    """discord.py, whose answer to a press is the card as it is now."""
    import discord
    from discord.gateway import DiscordWebSocket
    from discord.http import Route
    from yarl import URL

    class Client(discord.Client):
        async def on_interaction(self, interaction: discord.Interaction) -> None:
            data: Any = interaction.data
            actor = Actor("discord", str(interaction.user.id), interaction.user.display_name)
            if interaction.type is discord.InteractionType.application_command:
                line = f"{data['name']} {data['options'][0]['value']}"
                reply = _done(await bot.dispatcher.command(actor, line))
                assert reply.card is not None
                await interaction.response.send_message(view=_view(reply.card), ephemeral=True)
            else:
                _done(await bot.dispatcher.press(actor, data["custom_id"]))
                card = await draw_named(bot.store, bot.clock, data["custom_id"].split(":")[1])
                assert card is not None
                await interaction.response.edit_message(view=_view(card))

    discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False
    gateway = URL(place.base_url).with_scheme("ws").with_path("/gateway")
    with _instead(Route, "BASE", place.base_url), _instead(DiscordWebSocket, "DEFAULT_GATEWAY", gateway):
        async with Client(intents=discord.Intents(guilds=True), max_messages=None) as client:
            listening = asyncio.create_task(client.start(place.token))
            try:
                await place.ready()
                yield
            finally:
                await client.close()
                await asyncio.gather(listening, return_exceptions=True)


@asynccontextmanager
async def bare_telegram(place: Pretended, bot: Bot) -> AsyncIterator[None]:
    """python-telegram-bot, whose answer to a press is a few words."""
    from telegram import Update
    from telegram.ext import Application, CallbackQueryHandler, CommandHandler

    async def command(update: Update, _: object) -> None:
        assert update.effective_user is not None
        assert update.message is not None
        assert update.message.text is not None
        reply = _done(await bot.dispatcher.command(_actor(update.effective_user), update.message.text[1:]))
        assert reply.card is not None
        keyboard = _keyboard(reply.card)
        await update.message.reply_html(_html(reply.card), do_quote=True, reply_markup=keyboard)

    async def press(update: Update, _: object) -> None:
        assert update.effective_user is not None
        assert update.callback_query is not None
        reply = _done(await bot.dispatcher.press(_actor(update.effective_user), update.callback_query.data or ""))
        await update.callback_query.answer(reply.text or "Done.")

    application = (
        Application.builder().token(place.token).base_url(place.base_url).concurrent_updates(True).build()
    )  # fmt: skip
    application.add_handler(CommandHandler("show", command))
    application.add_handler(CallbackQueryHandler(press))
    async with _running(application):
        await place.ready()
        yield


@asynccontextmanager
async def _running(application: Application[Any, Any, Any, Any, Any, Any]) -> AsyncIterator[None]:
    assert application.updater is not None
    async with application:
        await application.start()
        await application.updater.start_polling()
        try:
            yield
        finally:
            await application.updater.stop()
            await application.stop()


@contextmanager
def _instead(owner: type, name: str, value: object) -> Iterator[None]:
    """discord.py has its addresses for all of a process."""
    before = getattr(owner, name)
    setattr(owner, name, value)
    try:
        yield
    finally:
        setattr(owner, name, before)


def _done(reply: Reply) -> Reply:
    if reply.result is not Result.DONE:
        raise RuntimeError(reply.text)
    return reply


def _lines(card: Card) -> list[str]:
    lines = [card.title, card.subtitle, card.badge]
    for block in card.blocks:
        if isinstance(block, Text):
            lines += [block.title, block.text]
        elif isinstance(block, Fields):
            lines += [f"{field.name}: {field.value}" for field in block.fields]
    return [line for line in (*lines, card.footer) if line]


def _view(card: Card) -> discord.ui.LayoutView:
    from discord import ui, utils

    rows: list[ui.Item[Any]] = [ui.TextDisplay(utils.escape_markdown("\n".join(_lines(card))))]
    for start in range(0, len(card.buttons), 5):
        row: ui.ActionRow[Any] = ui.ActionRow()
        for button in card.buttons[start : start + 5]:
            row.add_item(ui.Button(label=button.label, custom_id=button.id))
        rows.append(row)
    view = ui.LayoutView(timeout=None)
    view.add_item(ui.Container(*rows))
    view.stop()  # its buttons are known by their ids
    return view


def _html(card: Card) -> str:
    from html import escape

    return "\n".join(escape(line) for line in _lines(card))


def _keyboard(card: Card) -> telegram.InlineKeyboardMarkup:
    from telegram import InlineKeyboardButton, InlineKeyboardMarkup

    return InlineKeyboardMarkup([[InlineKeyboardButton(b.label, callback_data=b.id)] for b in card.buttons])


def _actor(user: telegram.User) -> Actor:
    return Actor("telegram", str(user.id), user.full_name, str(user.id))
