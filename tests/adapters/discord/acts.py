"""What people do in Discord: they click, type, choose commands and send forms, and see what comes of it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from tests.adapters.discord import rules
from tests.adapters.discord.sockets import Gateway
from tests.adapters.discord.world import REVIEW, Interaction, Message, Upload, User, World


class Acts:
    """Every act is told through the gateway, and returns once it is acknowledged, or has failed."""

    def __init__(self, world: World, gateway: Gateway, in_time: float) -> None:
        self.world = world
        self.gateway = gateway
        self.in_time = in_time

    async def click(self, user: User, message: Message, label: str, **more: Any) -> Interaction:
        """Presses a button by its label, or by the id of one that is gone."""
        data = {"custom_id": message.buttons.get(label, label), "component_type": 2, "id": 1}
        return await self.act(user, 3, data, message=message, **more)

    async def slash(self, user: User, name: str, options: Mapping[str, Any] | None = None, **more: Any) -> Interaction:
        """`name` may be of two words; an option that takes a file is given an `Upload`."""
        told = {
            key: self.world.attachment(value) for key, value in (options or {}).items() if isinstance(value, Upload)
        }
        data = command_data(name, {**(options or {}), **{key: file["id"] for key, file in told.items()}}, files=told)
        return await self.act(user, 2, data, **more)

    async def type(self, user: User, name: str, option: str, typed: str, **before: Any) -> Interaction:
        """Types into an option that completes."""
        data = command_data(name, {**before, option: typed}, focused=option)
        return await self.act(user, 4, data)

    async def fill_in(
        self, user: User, asked: Interaction, *, wait: bool = True, **values: str | Sequence[str]
    ) -> Interaction:
        """Sends the modal that an interaction was answered with. `values`: by the label's first word, in lower case."""
        assert asked.asked is not None, "no modal was shown"
        components = []
        for label in asked.asked["components"]:
            if label["type"] != rules.LABEL:
                continue
            inner = label["component"]
            word = label["label"].split()[0].strip(":").lower()
            value = values.get(word, inner.get("value") or "")
            if isinstance(value, str):
                value = next((o["value"] for o in inner.get("options", ()) if o["label"] == value), value)
            answer = {"type": inner["type"], "custom_id": inner["custom_id"], "id": 2}
            if inner["type"] in (rules.SELECT, rules.CHECKS):
                answer["values"] = [value] if isinstance(value, str) and value else list(value)
            else:
                answer["value"] = value
            components.append({"type": rules.LABEL, "id": 1, "component": answer})
        data = {"custom_id": asked.asked["custom_id"], "components": components}
        return await self.act(user, 5, data, message=asked.message, wait=wait)

    async def act(
        self,
        user: User,
        kind: int,
        data: Mapping[str, Any],
        *,
        message: Message | None = None,
        guild: str = "",
        age: float = 0.0,
        wait: bool = True,
    ) -> Interaction:
        """Something that somebody does; returns once it is acknowledged, or has failed. `age`: seconds ago."""
        world = self.world
        began = world.now() - age
        interaction = Interaction(
            world.new_id(began), f"token-{len(world.interactions)}", user, kind, data, began, message
        )
        world.interactions[interaction.token] = interaction
        channel = message.channel if message is not None else REVIEW
        payload = world.interaction_payload(interaction, channel, guild or world.guild)
        await self.gateway.tell("INTERACTION_CREATE", payload)
        if wait:
            try:
                async with asyncio.timeout(max(0.1, self.in_time - age)):
                    await interaction.acknowledged.wait()
            except TimeoutError:
                return interaction
        return interaction

    async def repeat(self, interaction: Interaction) -> None:
        """Tells of it once more, as after a RESUME."""
        channel = interaction.message.channel if interaction.message else REVIEW
        payload = self.world.interaction_payload(interaction, channel, self.world.guild)
        await self.gateway.tell("INTERACTION_CREATE", payload)


def command_data(
    name: str, options: Mapping[str, Any], *, focused: str = "", files: Mapping[str, Mapping[str, Any]] = {}
) -> dict[str, Any]:
    """What an interaction says of a command of one or two words."""
    word, _, sub = name.partition(" ")
    given: list[dict[str, Any]] = [
        {
            "name": key,
            "type": rules.ATTACHMENT if key in files else 3,
            "value": value,
            **({"focused": True} if key == focused else {}),
        }
        for key, value in options.items()
    ]
    if sub:
        given = [{"name": sub, "type": 1, "options": given}]
    resolved = {"resolved": {"attachments": {file["id"]: file for file in files.values()}}} if files else {}
    return {"id": "700000000000000001", "name": word, "type": 1, "options": given, **resolved}
