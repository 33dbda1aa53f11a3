"""Who may do what: by default nothing."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from itertools import product
from typing import Any

import pytest

from botcore.access import LOCAL, LOCAL_OWNER, People, PersonError
from botcore.adapter import Actor
from botcore.models import Person, Role, RoleGrant
from botcore.store.port import Reader
from tests.core.rig import PEOPLE, FlakyStore, Rig, until


@pytest.fixture
def people(store: FlakyStore) -> People:
    return People(store, PEOPLE)


def test_each_role_may_do_what_the_ones_below_may() -> None:
    order = [Role.VIEWER, Role.REVIEWER, Role.MANAGER, Role.OWNER]
    for (have, role), (need, needed) in product(enumerate(order), enumerate(order)):
        assert role.covers(needed) == (have >= need)


async def test_nobody_is_anybody_without_being_let_in(people: People) -> None:
    for who in (Actor("memory", "5", "olga"), Actor("other", "1", "olga"), Actor("memory", "", ""), Actor("", "", "")):
        assert await people.of(who) is None


async def test_who_runs_commands_on_this_machine_is_an_owner(people: People) -> None:
    assert await people.of(Actor(LOCAL, "owner", "")) == LOCAL_OWNER
    assert await people.of(Actor("memory", "owner", "")) is None


async def test_a_person_let_in_is_known_at_once_and_out_at_once(people: People) -> None:
    ann = Actor("memory", "50", "Ann")
    await people.add("ann", Role.REVIEWER, {"memory": "50"}, by="olga", now=0)
    assert await people.of(ann) == Person("ann", Role.REVIEWER, {"memory": "50"})
    await people.set_role("ann", Role.VIEWER)
    found = await people.of(ann)
    assert found is not None
    assert found.role is Role.VIEWER
    await people.remove("ann")
    assert await people.of(ann) is None
    assert await people.named("ann") is None
    assert [person.name for person in await people.all()] == ["olga", "mia", "rob", "vera"]


async def test_a_removal_counts_also_when_nobody_waits_for_it_any_more(people: People, store: FlakyStore) -> None:
    await people.add("ann", Role.REVIEWER, {"memory": "50"}, by="olga", now=0)
    assert await people.find("memory", "50")
    removal = asyncio.create_task(people.remove("ann"))
    await asyncio.sleep(0)  # it has been handed to the database
    removal.cancel()
    await store.tx(lambda tx: None)  # behind it
    assert await people.find("memory", "50") is None


async def test_a_look_that_a_change_overtakes_is_not_remembered(people: People, store: FlakyStore) -> None:
    await people.add("ann", Role.OWNER, {"memory": "50"}, by="olga", now=0)
    looked, go = threading.Event(), threading.Event()
    read = store.read

    async def slow(fn: Callable[..., Any], *args: Any) -> Any:
        def late(reader: Reader) -> Any:
            found = fn(reader, *args)
            looked.set()
            assert go.wait(60)
            return found

        return await read(late)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(store, "read", slow)
        look = asyncio.create_task(people.find("memory", "50"))
        await until(looked.is_set)
    await people.set_role("ann", Role.VIEWER)
    go.set()
    await look
    found = await people.find("memory", "50")
    assert found is not None
    assert found.role is Role.VIEWER


async def test_who_is_removed_and_let_in_again_does_not_get_the_old_ids_back(people: People) -> None:
    await people.add("ann", Role.OWNER, {"memory": "50"}, by="olga", now=0)
    await people.remove("ann")
    await people.add("ann", Role.VIEWER, {"memory": "51"}, by="olga", now=0)
    assert await people.find("memory", "50") is None


@pytest.mark.parametrize("name", ["olga", "local owner"])
async def test_people_of_the_config_are_changed_in_the_config(people: People, name: str) -> None:
    with pytest.raises(PersonError, match="is in the config file: change them there"):
        await people.add(name, Role.OWNER, {"memory": "50"}, by="mia", now=0)
    if name == "olga":
        with pytest.raises(PersonError, match="in the config"):
            await people.remove(name)
        with pytest.raises(PersonError, match="in the config"):
            await people.set_role(name, Role.VIEWER)
    assert await people.find("memory", "50") is None


@pytest.mark.parametrize("change", ["remove", "set_role"])
async def test_nobody_is_changed_who_is_not_there(people: People, change: str) -> None:
    with pytest.raises(PersonError, match="nobody is called zoe: see `person list`"):
        await (people.remove("zoe") if change == "remove" else people.set_role("zoe", Role.OWNER))


async def test_an_id_belongs_to_one_person(people: People) -> None:
    with pytest.raises(PersonError, match="memory 1 is already olga"):
        await people.add("ann", Role.VIEWER, {"memory": "1"}, by="olga", now=0)
    await people.add("ann", Role.VIEWER, {"memory": "50"}, by="olga", now=0)
    with pytest.raises(PersonError, match="memory 50 is already ann"):
        await people.add("ben", Role.OWNER, {"memory": "50", "web": "ben"}, by="olga", now=0)
    assert await people.named("ben") is None
    assert await people.find("web", "ben") is None


async def test_of_two_who_claim_an_id_at_once_one_is_told(people: People) -> None:
    results = await asyncio.gather(
        people.add("ann", Role.VIEWER, {"memory": "50"}, by="olga", now=0),
        people.add("ben", Role.OWNER, {"memory": "50"}, by="olga", now=0),
        return_exceptions=True,
    )
    assert isinstance(results[1], PersonError)
    found = await people.find("memory", "50")
    assert found is not None
    assert found.name == "ann"
    assert await people.named("ben") is None


async def test_what_the_config_says_of_a_person_counts_also_for_ids_kept_before(store: FlakyStore) -> None:
    await People(store, []).add("ann", Role.OWNER, {"memory": "50"}, by="olga", now=0)
    ann = Person("ann", Role.VIEWER, {"web": "ann"}, from_config=True)
    assert await People(store, [ann]).find("memory", "50") == ann


async def test_a_change_of_role_counts_for_the_button_already_on_the_screen(rig: Rig) -> None:
    rig.market.add("a")
    await rig.poll()
    await rig.say("olga", "person add ann reviewer memory=666")
    await rig.say("olga", "person role ann viewer")
    reply = await rig.press("ann", "approve:A1:0")
    assert reply.text == "This needs a reviewer; you are a viewer."
    await rig.say("olga", "person role ann reviewer")
    assert (await rig.press("ann", "approve:A1:0")).text.startswith("A1 approved.")
    await rig.say("olga", "person remove ann")
    assert "ask an owner" in (await rig.press("ann", "undo:A1:0")).text.lower()
    assert await rig.states() == ["held"]


TRUSTED = [RoleGrant("memory", "333", Role.REVIEWER), RoleGrant("memory", "444", Role.MANAGER)]


def guest(name: str = "Zoë\n\u202e", *roles: str, user_id: str = "77", adapter: str = "memory") -> Actor:
    return Actor(adapter, user_id, name, "chat", roles)


async def test_a_role_of_the_messenger_gives_one_of_ours_as_long_as_it_is_held(store: FlakyStore) -> None:
    people = People(store, PEOPLE, TRUSTED)
    zoe = await people.of(guest("Zoë\n\u202e", "1", "333"))
    assert zoe == Person("Zoë (memory 77)", Role.REVIEWER, {"memory": "77"})
    assert await people.of(guest("Zoë", "333", "444", "1")) == Person(zoe.name, Role.MANAGER, zoe.identities)
    assert await people.of(guest("Zoë", "1")) is None
    assert await people.of(guest("Zoë", "333", adapter="other")) is None


async def test_somebody_without_an_entry_keeps_the_name_they_came_with(store: FlakyStore) -> None:
    before = await People(store, PEOPLE, TRUSTED).of(guest("Zoë", "333"))
    after = await People(store, PEOPLE, TRUSTED).of(guest("olga", "333"))
    other = await People(store, PEOPLE, TRUSTED).of(guest("Zoë", "333", user_id="78"))
    assert before is not None
    assert before == after
    assert other is not None
    assert other.name == "Zoë (memory 78)"


async def test_who_is_listed_has_the_role_of_the_list_whatever_the_messenger_says(store: FlakyStore) -> None:
    people = People(store, PEOPLE, TRUSTED)
    viewer = next(person for person in PEOPLE if person.role is Role.VIEWER)
    assert await people.of(guest("x", "444", user_id=viewer.identities["memory"])) == viewer
