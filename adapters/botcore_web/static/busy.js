// Cards with a press under way. A queue's card stays busy until it shows what comes next: a second press in between
// would be about something that is decided already, or about something that nobody has seen.

import { byId } from "./api.js";

const LATE = 2500; // ms after an answer; then the card is free, whether it was redrawn or not
const LOOK = 400; // ms in which nothing is decided once somebody else has moved a queue on

const busy = new Map(); // card id -> the turn that keeps it

export const isBusy = (card) => busy.has(card.id);

export function begin(card) {
  const turn = { id: card.id, goOn: null };
  busy.set(card.id, turn);
  markBusy(byId(card.id) ?? card);
  return turn;
}

// Another card has this id now.
export const release = (id) => busy.delete(id);

export function end(turn) {
  if (busy.get(turn.id) !== turn) return;
  busy.delete(turn.id);
  const card = byId(turn.id);
  if (card) markBusy(card);
}

// After an answer: ends once the card shows another submission than `hand`.
export async function endWhenMoved(turn, hand) {
  if (hand && byId(turn.id)?.dataset.hand === hand) {
    await new Promise((goOn) => {
      turn.goOn = goOn;
      setTimeout(goOn, LATE);
    });
  }
  end(turn);
}

// A queue's card shows another submission now.
export function moved(card) {
  const turn = busy.get(card.id);
  if (turn) turn.goOn?.();
  else setTimeout(end, LOOK, begin(card));
}

// A card that was redrawn while its press is under way stays busy.
export function markBusy(card) {
  for (const button of card.querySelectorAll("[data-press]")) button.ariaDisabled = isBusy(card) ? "true" : null;
}
