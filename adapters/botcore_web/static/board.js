// The cards, and the stream that keeps them up to date.

import { address, byId, element } from "./api.js";
import { isWaiting, reselect, select, selected, stepToWaiting } from "./selection.js";
import { markBusy } from "./actions.js";
import { refreshTimes, setNow } from "./times.js";

const SHOWN = 200; // waiting cards on the page; the bot sends no more when it is loaded
const RECENT = 50;
const SETTLED = 100; // cards decided since the page was opened, which stay where they were
const SILENCE = 15_000; // ms; the bot says something every 5 s

let version = 0;
let source = null;
let heard = 0;
let pause = 1000;
let total = 0;
let own = null; // the card that was decided here last

export function start() {
  readBoard();
  connect();
  setInterval(() => source && Date.now() - heard > SILENCE && reconnect(), 2000);
  addEventListener("pagehide", () => source?.close());
  addEventListener("pageshow", (event) => event.persisted && connect());
}

// Remembers that this card was decided here: once it is settled, the selection moves on.
export function decidedHere(card) {
  own = card.id;
  moveOn();
}

export const lastDecided = () => own && byId(own);

export async function loadBoard() {
  const answer = await fetch(address("board"), { cache: "no-store" });
  if (answer.status === 401 || answer.status === 403) return location.reload();
  if (!answer.ok) throw new Error(`board: ${answer.status}`);
  const fresh = element(await answer.text());
  steady(null, () => byId("lists").replaceWith(fresh));
  readBoard();
  reselect();
}

function readBoard() {
  const { dataset } = byId("lists");
  version = Math.max(version, Number(dataset.version));
  setNow(Number(dataset.now));
  setTotal(Number(dataset.total));
}

function connect() {
  source?.close();
  heard = Date.now();
  source = new EventSource(address(`events?since=${version}`));
  const on = (name, act) => source.addEventListener(name, (event) => {
    heard = Date.now();
    if (event.lastEventId) version = Number(event.lastEventId);
    act(JSON.parse(event.data));
  });
  on("card", putCard);
  on("board", () => loadBoard().catch(reconnect));
  on("state", putState);
  on("bye", () => location.reload());
  source.onerror = () => {
    showLink(false);
    if (source.readyState === EventSource.CLOSED) reconnect();
  };
}

function reconnect() {
  source?.close();
  source = null;
  showLink(false);
  setTimeout(async () => {
    try {
      await loadBoard(); // tells also whether we may still see it
      connect();
    } catch {
      reconnect();
    }
  }, pause);
  pause = Math.min(pause * 2, 10_000);
}

function putState(state) {
  pause = 1000;
  setNow(state.now);
  setTotal(state.waiting);
  showLink(true);
  const idle = !document.querySelector("dialog[open]") && !byId("line").value;
  if (state.build !== document.body.dataset.build && idle) location.reload(); // the bot was updated
}

function putCard({ id, version: changed, waiting, html }) {
  const old = byId(`m${id}`);
  if (old && Number(old.dataset.version) >= changed) return;
  const fresh = element(html);
  refreshTimes(fresh);
  if (old) replace(old, fresh);
  else if (waiting) append(fresh);
  else prependRecent(fresh);
}

function replace(old, fresh) {
  const focus = old.contains(document.activeElement) ? document.activeElement : null;
  const unfolded = [...old.querySelectorAll(".unfold")].map((button) => button.ariaExpanded === "true");
  steady(old, () => old.replaceWith(fresh));
  fresh.querySelectorAll(".unfold").forEach((button, i) => unfolded[i] && button.click());
  if (!isWaiting(fresh) || !isWaiting(old)) fresh.classList.add("changed");
  markBusy(fresh);
  reselect();
  if (focus) (same(focus, fresh) ?? fresh).focus({ preventScroll: true });
  moveOn();
  dropOldest();
}

function dropOldest() {
  const settled = [...document.querySelectorAll("#open > .settled")].filter((card) => card !== selected());
  for (const card of settled.slice(0, -SETTLED)) steady(null, () => card.remove());
}

const same = (button, card) =>
  [...card.querySelectorAll("[data-press]")].find((other) => other.dataset.press === button.dataset.press);

function append(fresh) {
  if (document.querySelectorAll('#open > [data-waiting="1"]').length >= SHOWN) return; // counted, shown on demand
  fresh.classList.add("new");
  byId("open").append(fresh);
}

function prependRecent(fresh) {
  const list = byId("recent-list");
  steady(null, () => list.prepend(fresh));
  while (list.children.length > RECENT) list.lastElementChild.remove();
  byId("recent").hidden = false;
}

function moveOn() {
  const card = lastDecided();
  if (card && !isWaiting(card) && selected() === card) stepToWaiting(card);
}

// Changes the page without moving what is being read: the selected card, or the first one in sight.
function steady(changed, change) {
  const inSight = (card) => {
    const { top, bottom } = card.getBoundingClientRect();
    return bottom > 110 && top < innerHeight;
  };
  let anchor = selected();
  if (!anchor || !inSight(anchor)) {
    anchor = changed && inSight(changed) ? changed : [...document.querySelectorAll("#board .card")].find(inSight);
  }
  const before = anchor?.getBoundingClientRect().top;
  change();
  const after = anchor && byId(anchor.id);
  if (after) scrollBy({ top: after.getBoundingClientRect().top - before, behavior: "instant" });
}

function setTotal(waiting) {
  total = waiting;
  byId("count").textContent = total.toLocaleString("en-US");
  document.title = total ? `(${total}) botcore` : "botcore";
  const shown = document.querySelectorAll('#open > [data-waiting="1"]').length;
  byId("empty").hidden = total > 0;
  byId("more").hidden = total <= shown;
  byId("more-count").textContent = (total - shown).toLocaleString("en-US");
  if (total > 0 && shown === 0 && source) loadBoard().catch(reconnect);
}

function showLink(on) {
  const link = byId("link");
  if (link.dataset.state === (on ? "on" : "off")) return;
  link.dataset.state = on ? "on" : "off";
  link.querySelector(".word").textContent = on ? "Live" : "Reconnecting";
}

document.addEventListener("click", (event) => {
  if (event.target.id === "more-load") loadBoard().catch(reconnect);
  const card = event.target.closest(".card");
  if (card && card !== selected()) select(card, { quietly: true });
});
