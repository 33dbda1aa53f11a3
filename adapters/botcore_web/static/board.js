// The cards, and the stream that keeps them up to date.

import { address, byId, element } from "./api.js";
import { dismissReply, refreshOwn } from "./actions.js";
import { isWaiting, reselect, select, selected, stepToWaiting } from "./selection.js";
import { markBusy, moved } from "./busy.js";
import { refreshTimes, setNow } from "./times.js";

const SHOWN = 200; // waiting cards on the page; the bot sends no more when it is loaded
const RECENT = 50;
const SETTLED = 100; // cards decided since the page was opened, which stay where they were
const SILENCE = 15_000; // ms; the bot says something every 5 s
const BAR = 60; // px that the page's head covers
const REST = 2000; // ms out of sight after which the stream is closed: a browser has only six connections to a host
const PEEK = 60_000; // ms between two looks of a page out of sight, for its title

let version = 0;
let source = null;
let heard = 0;
let pause = 1000;
let resting = 0;
let own = null; // the card that was decided here last

export function start() {
  readBoard();
  connect();
  setInterval(() => source && Date.now() - heard > SILENCE && reconnect(), 2000);
  document.addEventListener("visibilitychange", () => {
    clearTimeout(resting);
    if (document.hidden) resting = setTimeout(rest, REST);
    else if (!source) connect();
  });
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
  const missed = Number(fresh.dataset.version) < version; // the stream told of more while this was on its way
  steady(null, () => byId("lists").replaceWith(fresh));
  readBoard();
  reselect();
  if (missed && source) connect();
}

function readBoard() {
  const { dataset } = byId("lists");
  version = Number(dataset.version);
  setNow(Number(dataset.now));
  setTotal({ waiting: Number(dataset.total), cards: Number(dataset.cards) });
}

function connect() {
  if (document.hidden) return rest();
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

function rest() {
  source?.close();
  source = null;
  resting = setTimeout(async () => {
    await peek().catch(() => {}); // what was missed is told when the page is looked at
    if (document.hidden) rest();
  }, PEEK);
}

async function peek() {
  const answer = await fetch(address("state"), { cache: "no-store" });
  if (answer.ok) setTotal(await answer.json());
}

function putState(state) {
  pause = 1000;
  setNow(state.now);
  setTotal(state);
  showLink(true);
  refreshOwn();
  const idle = !document.querySelector("dialog[open]") && !byId("line").value;
  if (state.build !== document.body.dataset.build && idle) location.reload(); // the bot was updated
}

function putCard({ id, version: changed, waiting, queue, news, html }) {
  const old = byId(`m${id}`);
  if (old && Number(old.dataset.version) >= changed) return;
  const fresh = element(html);
  refreshTimes(fresh);
  const reopened = waiting && old?.closest("#recent-list");
  if (reopened) steady(null, () => old.remove());
  if (old && !reopened) replace(old, fresh);
  else if (waiting) append(fresh, queue);
  else prependTo(news ? "news" : "recent", fresh);
}

export function replace(old, fresh) {
  const goesOn = old.dataset.hand !== fresh.dataset.hand; // a queue that shows another submission
  markBusy(fresh);
  if (fresh.dataset.hand && !goesOn) return patch(old, fresh);
  const focus = old.contains(document.activeElement) ? document.activeElement : null;
  const unfolded = goesOn ? [] : [...old.querySelectorAll(".unfold")].map((button) => button.ariaExpanded === "true");
  steady(old, () => old.replaceWith(fresh));
  fresh.querySelectorAll(".unfold").forEach((button, i) => unfolded[i] && button.click());
  fresh.querySelector(".folded")?.toggleAttribute("open", Boolean(old.querySelector(".folded[open]")));
  if (!isWaiting(fresh) || !isWaiting(old)) fresh.classList.add("changed");
  reselect();
  if (focus) ((!goesOn && same(focus, fresh)) || fresh).focus({ preventScroll: true });
  if (goesOn) showNext(fresh);
  moveOn();
  dropOldest();
}

// The same submission in a queue that has changed: what is equal stays, with a click under way and its pictures.
function patch(old, fresh) {
  const unfolded = [...old.querySelectorAll(".unfold[aria-expanded=true]")];
  unfolded.forEach((button) => button.click());
  steady(old, () => {
    for (const { name, value } of fresh.attributes) old.setAttribute(name, value);
    const parts = [...fresh.children].map((part) => [...old.children].find((mine) => mine.isEqualNode(part)) ?? part);
    for (const mine of [...old.children]) if (!parts.includes(mine)) mine.remove();
    parts.forEach((part, i) => old.children[i] === part || old.insertBefore(part, old.children[i] ?? null));
    unfolded.forEach((button) => button.isConnected && button.click());
  });
  reselect();
}

function showNext(card) {
  moved(card);
  if (byId("reply").matches(".wide")) dismissReply(); // a comparison with what was in hand
  if (selected() === card && card.getBoundingClientRect().top < BAR) card.scrollIntoView({ behavior: "instant" });
}

function dropOldest() {
  const settled = [...document.querySelectorAll("#open > .settled")].filter((card) => card !== selected());
  for (const card of settled.slice(0, -SETTLED)) steady(null, () => card.remove());
}

const same = (button, card) =>
  [...card.querySelectorAll("[data-press]")].find((other) => other.dataset.press === button.dataset.press);

function append(fresh, first) {
  fresh.classList.add("new");
  if (first) return steady(null, () => byId("open").prepend(fresh));
  if (document.querySelectorAll('#open > [data-waiting="1"]').length >= SHOWN) return; // counted, shown on demand
  byId("open").append(fresh);
}

function prependTo(name, fresh) {
  const list = byId(`${name}-list`);
  steady(null, () => list.prepend(fresh));
  while (list.children.length > RECENT) list.lastElementChild.remove();
  byId(name).hidden = false;
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

// `waiting` submissions, which ask for a decision on so many `cards`.
function setTotal({ waiting, cards }) {
  byId("count").textContent = waiting.toLocaleString("en-US");
  document.title = waiting ? `(${waiting}) botcore` : "botcore";
  const shown = document.querySelectorAll('#open > [data-waiting="1"]').length;
  byId("empty").hidden = cards > 0;
  byId("more").hidden = cards <= shown;
  byId("more-count").textContent = (cards - shown).toLocaleString("en-US");
  if (cards > 0 && shown === 0 && source) loadBoard().catch(reconnect);
}

function showLink(on) {
  const link = byId("link");
  if (link.dataset.state === (on ? "on" : "off")) return;
  link.dataset.state = on ? "on" : "off";
  link.querySelector(".word").textContent = on ? "Live" : "Reconnecting";
}

document.addEventListener("click", (event) => {
  if (event.target.id === "more-load") loadBoard().catch(reconnect);
  const card = event.isTrusted && event.target.closest(".card");
  if (card && card !== selected()) select(card, { quietly: true });
});
