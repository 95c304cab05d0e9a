// "Why?" opens the page of reasons as a dialog over the list.
import { say } from "./live.js";

export function reasons() {
  document.addEventListener("click", async (event) => {
    const link = event.target.closest("a[data-why]");
    if (!link || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    link.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(link.href, { headers: { Accept: "text/html" } });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const why = page.querySelector("[data-region=why]");
      if (!answer.ok || !why) return location.assign(link.href);
      open(document.adoptNode(why), link);
    } catch {
      say("The reasons cannot be loaded: the server cannot be reached. Try again.");
    } finally {
      link.removeAttribute("aria-busy");
    }
  });
}

function open(why, opener) {
  const dialog = document.createElement("dialog");
  dialog.className = "dialog";
  const heading = why.querySelector("h1");
  heading.id = "why-heading";
  dialog.setAttribute("aria-labelledby", heading.id);
  const bar = document.createElement("div");
  bar.className = "dialog-close";
  const close = document.createElement("button");
  Object.assign(close, { type: "button", className: "button button-small", textContent: "Close" });
  close.addEventListener("click", () => dialog.close());
  bar.append(close);
  delete why.dataset.region;
  dialog.append(bar, why);
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  dialog.addEventListener("close", () => {
    dialog.remove();
    if (opener.isConnected) opener.focus();
  });
  document.body.append(dialog);
  dialog.showModal();
}
