// Which card the keyboard acts on.

import { byId } from "./api.js";

let chosen = null; // a card's id

export const selected = () => chosen && byId(chosen);

export function select(card, { quietly = false } = {}) {
  selected()?.classList.remove("selected");
  selected()?.removeAttribute("aria-current");
  chosen = card ? card.id : null;
  if (!card) return;
  card.classList.add("selected");
  card.setAttribute("aria-current", "true");
  if (quietly) return;
  card.focus({ preventScroll: true });
  const tall = card.offsetHeight > innerHeight - 160;
  card.scrollIntoView({ block: tall ? "start" : "nearest", behavior: calm() ? "auto" : "smooth" });
}

// The selection outlives the element: a card that changed is the same card.
export const reselect = () => selected() && select(selected(), { quietly: true });

export function step(direction) {
  const cards = [...document.querySelectorAll("#own > .card, #open > .card, #recent[open] .card")];
  const at = cards.indexOf(selected());
  const next = at < 0 ? cards.find(isWaiting) ?? cards[0] : cards[at + direction];
  if (next) select(next);
}

// After a decision: on to what waits next, and around to the start.
export function stepToWaiting(from) {
  const waiting = [...document.querySelectorAll("#open > .card")].filter(isWaiting);
  const next = waiting.find((card) => from.compareDocumentPosition(card) & Node.DOCUMENT_POSITION_FOLLOWING);
  if (next ?? waiting[0]) select(next ?? waiting[0]);
}

export const isWaiting = (card) => card.dataset.waiting === "1";

const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;
