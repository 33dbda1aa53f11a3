// Talks to the bot. Every post carries the session's token, which no other site can know.

const { prefix, csrf } = document.body.dataset;

export const address = (path) => `${prefix}/${path}`;

// `quietly`: what nobody asked for may fail without a word.
export async function post(path, fields, { quietly = false } = {}) {
  let answer;
  try {
    answer = await fetch(address(path), {
      method: "POST",
      headers: { "X-CSRF-Token": csrf },
      body: new URLSearchParams(fields),
      cache: "no-store",
    });
    if (answer.status === 401 && !quietly) location.reload();
    return { ...(await answer.json()), failed: !answer.ok };
  } catch {
    return { failed: true, result: "refused", text: "No answer from the bot. Try again once this page says Live." };
  }
}

export function element(html) {
  const holder = document.createElement("template");
  holder.innerHTML = html.trim();
  return holder.content.firstElementChild;
}

// Text in which what stands between backticks is to be typed.
export function words(text) {
  return text.split(/`([^`\n]+)`/).map((part, i) => {
    if (i % 2 === 0) return part;
    const code = document.createElement("code");
    code.textContent = part;
    return code;
  });
}

export const byId = (id) => document.getElementById(id);
