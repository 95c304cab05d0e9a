// Tells the server which places of a list were in view: half of each, for a second. Only lists that
// the server marks are watched, which are those of visitors who have a number.

const SHARE = 0.5;
const MILLISECONDS = 1000;
const GATHER = 2000;

const waiting = new Map();
const told = new Set();
const seen = new Map();
let sending = 0;

export function attention() {
  const watcher = new IntersectionObserver((entries) => entries.forEach(moved), { threshold: SHARE });
  const watch = () => {
    for (const place of document.querySelectorAll("[data-list] [data-place]")) watcher.observe(place);
  };
  watch();
  document.addEventListener("roulette:shown", watch);
  document.addEventListener("visibilitychange", () => document.hidden && send());
}

function moved(entry) {
  const place = entry.target;
  if (!entry.isIntersecting) {
    clearTimeout(waiting.get(place));
    waiting.delete(place);
  } else if (!waiting.has(place)) {
    waiting.set(place, setTimeout(() => note(place), MILLISECONDS));
  }
}

function note(place) {
  const list = place.closest("[data-list]")?.dataset.list;
  const name = `${list}:${place.dataset.place}`;
  if (!list || !place.isConnected || document.hidden || told.has(name)) return;
  told.add(name);
  if (!seen.has(list)) seen.set(list, []);
  seen.get(list).push(place.dataset.place);
  sending ||= setTimeout(send, GATHER);
}

function send() {
  clearTimeout(sending);
  sending = 0;
  const token = document.querySelector("input[name=token]")?.value;
  if (!seen.size || !token) return;
  const body = new URLSearchParams({ token });
  for (const [list, places] of seen) body.append("seen", `${list}:${places.join(",")}`);
  seen.clear();
  // It is sent even while the page is left.
  navigator.sendBeacon("/seen", body);
}
