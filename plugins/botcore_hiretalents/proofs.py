"""What workers handed in: one text for all that was asked in words, and pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from botcore.models import Proof, ProofKind, ProofSlot
from botcore.wire import as_text, web_address

from .wire import WireApplication


def read_slots(raw: Sequence[object]) -> tuple[ProofSlot, ...]:
    """What a job asks for, of its `proof`; every slot keeps its place, also one that cannot be read."""
    slots = []
    for item in raw:
        named = item if isinstance(item, Mapping) else {"desc": item}
        picture = as_text(named.get("type")).strip().lower() == "image"
        slots.append(ProofSlot(ProofKind.PICTURE if picture else ProofKind.TEXT, as_text(named.get("desc"))))
    return tuple(slots)


def read_proofs(application: WireApplication, slots: Sequence[ProofSlot]) -> tuple[Proof, ...]:
    """An application's proofs. None is dropped: a picture without an address is shown by its name."""
    asked = [slot.description for slot in slots if slot.kind is ProofKind.TEXT]
    prompts = [slot.description for slot in slots if slot.kind is ProofKind.PICTURE]
    proofs = [Proof(ProofKind.TEXT, " · ".join(asked), text=application.proof)] if application.proof.strip() else []
    for place, value in enumerate(application.screenshot_url or application.screenshot):
        prompt = prompts[place] if place < len(prompts) else ""
        address = web_address(value) if application.screenshot_url else ""
        if address:
            proofs.append(Proof(ProofKind.PICTURE, prompt, url=address))
        else:
            proofs.append(Proof(ProofKind.TEXT, prompt, text=value))
    return tuple(proofs)
