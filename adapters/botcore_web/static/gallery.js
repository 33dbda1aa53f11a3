// Pictures that open large.

import { byId } from "./api.js";

const viewer = byId("viewer");
const picture = byId("viewer-img");
let shown = [];
let at = 0;

function open(link) {
  shown = [...link.closest(".card").querySelectorAll("[data-picture]")];
  turn(shown.indexOf(link));
  viewer.showModal();
}

function turn(to) {
  at = (to + shown.length) % shown.length;
  const title = shown[at].closest("li").querySelector(".pic-title")?.textContent ?? "";
  picture.src = shown[at].href;
  picture.alt = title || "Picture";
  picture.classList.remove("zoomed");
  byId("viewer-title").textContent = shown.length > 1 ? `${at + 1} of ${shown.length} · ${title}` : title;
  viewer.classList.toggle("single", shown.length < 2);
}

viewer.addEventListener("keydown", (event) => {
  if (event.key === "ArrowRight") turn(at + 1);
  else if (event.key === "ArrowLeft") turn(at - 1);
});
viewer.addEventListener("click", (event) => {
  if (event.target.closest(".viewer-next")) turn(at + 1);
  else if (event.target.closest(".viewer-prev")) turn(at - 1);
  else if (event.target === picture) picture.classList.toggle("zoomed");
  else viewer.close();
});
viewer.addEventListener("close", () => picture.removeAttribute("src"));

document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-picture]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  open(link);
});

// a picture that does not load says so, instead of leaving a hole
document.addEventListener("error", (event) => event.target.closest?.(".thumb")?.classList.add("broken"), true);
