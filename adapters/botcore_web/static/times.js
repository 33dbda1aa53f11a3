// Keeps relative times true, by the bot's clock: the browser's may be wrong.

const MINUTE = 60, HOUR = 3600, DAY = 86400;
const absolute = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
let offset = 0;

export function setNow(ms) {
  offset = ms - Date.now();
  refreshTimes();
}

function span(seconds, parts = 2) {
  const days = Math.floor(seconds / DAY);
  const hours = Math.floor((seconds % DAY) / HOUR);
  const minutes = Math.floor((seconds % HOUR) / MINUTE);
  const words = days ? [[days, "d"], [hours, "h"]]
    : hours ? [[hours, "h"], [minutes, "min"]]
    : minutes ? [[minutes, "min"]]
    : [[Math.max(Math.floor(seconds), 1), "s"]];
  return words.slice(0, parts).filter(([n]) => n > 0).map(([n, unit]) => `${n} ${unit}`).join(" ");
}

export function refreshTimes(root = document) {
  const now = Date.now() + offset;
  for (const time of root.querySelectorAll("time[datetime]")) {
    const moment = new Date(time.dateTime);
    const left = (moment - now) / 1000;
    const countdown = "countdown" in time.dataset;
    const text = countdown ? (left > 0 ? `${span(left)} left` : "time is up")
      : left > 0 ? `in ${span(left)}`
      : left > -MINUTE ? "just now" : `${span(-left, 1)} ago`;
    if (time.textContent !== text) time.textContent = text;
    if (countdown) time.className = left < HOUR ? "danger" : left < DAY ? "warning" : "";
    if (!time.dataset.local) {
      time.title = absolute.format(moment);
      time.dataset.local = "1";
    }
  }
}

setInterval(refreshTimes, 1000, document);
