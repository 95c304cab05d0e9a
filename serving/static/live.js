// Forms and links that change parts of the page in place: the server renders the page that a
// browser without scripts would load, and the regions that both pages have are exchanged.

const REGION = "[data-region]";
let running = null;

export function liveForms() {
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.matches("form[data-live]") || event.defaultPrevented) return;
    event.preventDefault();
    send(form, event.submitter);
  });
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-live-link]");
    if (!link || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    show(link.href, { push: true });
  });
  let timer = 0;
  document.addEventListener("input", (event) => {
    const form = event.target.form;
    if (!form?.matches("form[data-instant]")) return;
    clearTimeout(timer);
    timer = setTimeout(() => form.isConnected && form.requestSubmit(), 250);
  });
  window.addEventListener("popstate", () => show(location.href, { push: false }));
}

function send(form, submitter) {
  const data = new FormData(form, submitter);
  if (form.method === "get") {
    const query = new URLSearchParams();
    for (const [name, text] of data) if (text !== "") query.append(name, text);
    const path = `${new URL(form.action).pathname}${query.size ? `?${query}` : ""}`;
    return show(path, { push: true });
  }
  return show(form.action, { method: "POST", body: new URLSearchParams(data) });
}

/** Load a page and exchange the regions; where that cannot be done, go there. */
export async function show(address, { push = false, method = "GET", body } = {}) {
  running?.abort();
  const own = (running = new AbortController());
  const busy = [...document.querySelectorAll(REGION)];
  for (const region of busy) region.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(address, { method, body, signal: own.signal, headers: { Accept: "text/html" } });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (!answer.ok) return fail(page);
    if (push && answer.url !== location.href) history.pushState(null, "", answer.url);
    exchange(page);
  } catch (error) {
    if (error.name !== "AbortError") say("That did not work: the server cannot be reached. Try again.");
  } finally {
    if (running === own) for (const region of busy) region.removeAttribute("aria-busy");
  }
}

function exchange(page) {
  const focused = document.activeElement;
  const place = focused?.closest(REGION) ? focused.id || pathOf(focused) : "";
  document.title = page.title;
  for (const old of document.querySelectorAll(REGION)) {
    const fresh = page.querySelector(`[data-region="${CSS.escape(old.dataset.region)}"]`);
    if (!fresh) continue;
    // A live region must stay in place to be read.
    if (old.getAttribute("role") === "status") old.replaceChildren(...fresh.childNodes);
    else old.replaceWith(document.adoptNode(fresh));
  }
  syncForms(page);
  restore(place);
  document.dispatchEvent(new CustomEvent("roulette:shown"));
}

// Controls outside the regions keep their elements, so that a slider is not torn from the hand.
function syncForms(page) {
  for (const form of document.querySelectorAll("form[data-instant]")) {
    const fresh = page.querySelector(`form[data-instant][action="${form.getAttribute("action")}"]`);
    if (!fresh) continue;
    for (const field of fresh.elements) {
      const own = field.id && document.getElementById(field.id);
      if (own && own !== document.activeElement) own.value = field.value;
    }
    for (const hidden of form.querySelectorAll("input[type=hidden]")) hidden.remove();
    for (const hidden of fresh.querySelectorAll("input[type=hidden]")) form.append(document.adoptNode(hidden));
  }
}

function pathOf(element) {
  return element.getAttribute("aria-label") || element.textContent.trim();
}

function restore(place) {
  if (!place || document.activeElement !== document.body) return;
  const found =
    document.getElementById(place) ??
    [...document.querySelectorAll(`${REGION} :is(a, button)`)].find((one) => pathOf(one) === place) ??
    document.getElementById("main");
  found.focus({ preventScroll: true });
}

function fail(page) {
  const heading = page.querySelector("h1")?.textContent ?? "That did not work.";
  const detail = page.querySelector(".lead")?.textContent ?? "Try again.";
  say(`${heading}. ${detail}`);
}

/** Show a sentence where every page has its notices, which screen readers speak. */
export function say(text) {
  const line = document.createElement("span");
  line.textContent = text;
  document.getElementById("notice").replaceChildren(line);
}
