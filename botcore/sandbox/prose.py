"""What workers write: honest answers, excuses for answers, and spam."""

from __future__ import annotations

from random import Random

_FIRST = (
    "amina bilal carla dinesh elena farid grace hamza irina joao kavya luis maria nadia omar priya quang "
    "rosa samir tala usman vera wei yara zoran"
)
_LAST = "ahmed b costa das eze f garcia h islam jones khan lopez m nguyen ortiz p rahman santos tran uddin v w"

_OPINIONS = (
    "The page loads quickly and the menu is clear.",
    "I liked the colours, but the text on the phone is a bit small.",
    "Signing up was easy, the confirmation mail came after two minutes.",
    "The video explains the idea well in the first minute.",
    "I would tell a friend about it, mostly because it is free.",
    "The search found what I wanted at the second try.",
    "Good sound, and the pictures fit what is said.",
    "The prices should be shown before the last step.",
)
_EXCUSES = (
    "done",
    "Done sir please approve",
    "completed",
    "i have finish the task thank you",
    "ok",
    "see screenshot",
    "yes",
)
_PROMOTIONS = (
    "EARN $500 A DAY from home!! visit best-cash-now.example and use my code {code}",
    "Cheap followers and likes, 24h delivery, message me at followers-4-u.example",
    "Join my channel for free crypto signals: signals.example/{code} 100% profit",
)
_PROMISES = (
    "Sorry for that, here it is again.",
    "My mistake, please check now.",
    "I did it again from the start.",
)
_CONSONANTS, _VOWELS = "bcdfghjklmnprstvz", "aeiou"


def user_name(luck: Random) -> str:
    """A name such as people choose on websites."""
    first, mark, last = luck.choice(_FIRST.split()), luck.choice(("", ".", "_")), luck.choice(_LAST.split())
    return f"{first}{mark}{last}{luck.randint(1, 99)}"


def honest(asked: str, name: str, luck: Random) -> str:
    """An answer to what the job asked for."""
    words = asked.lower()
    if "code" in words:
        return f"{luck.choice('ABCDEFGHJKLM')}{luck.randint(10, 99)}-{luck.randint(1000, 9999)}"
    if "mail" in words:
        return f"{name}@mail.example"
    if "name" in words:
        return name
    if "link" in words or "url" in words:
        return f"https://social.example/{name}/posts/{luck.randint(10_000, 99_999)}"
    return " ".join(luck.sample(_OPINIONS, luck.randint(1, 3)))


def again(text: str, luck: Random) -> str:
    """An answer that was asked for a second time."""
    return f"{text} ({luck.choice(_PROMISES)})"


def careless(luck: Random) -> str:
    return luck.choice(_EXCUSES)


def spam(luck: Random) -> str:
    if luck.random() < 0.5:
        return luck.choice(_PROMOTIONS).format(code=luck.randint(1000, 9999))
    return " ".join(_gibberish(luck) for _ in range(luck.randint(3, 12)))


def _gibberish(luck: Random) -> str:
    return "".join(luck.choice(_CONSONANTS) + luck.choice(_VOWELS + _CONSONANTS) for _ in range(luck.randint(2, 5)))
