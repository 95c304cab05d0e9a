// A region that names a time in seconds is loaded anew that often, while the page is seen.

export function refreshing() {
  const region = document.querySelector("[data-refresh]");
  if (!region) return;
  setInterval(() => {
    if (!document.hidden) refresh(region);
  }, 1000 * Number(region.dataset.refresh));
}

async function refresh(region) {
  // Whoever reads with the keyboard within the region keeps their place.
  if (region.querySelector(":focus-visible")) return;
  let answer;
  try {
    answer = await fetch(location.pathname, { headers: { Accept: "text/html" } });
  } catch {
    return; // The server is away for a moment; the next time tells.
  }
  if (!answer.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const found = page.querySelector("[data-refresh]");
  if (!found) return location.reload(); // Signed out meanwhile.
  const open = [...region.querySelectorAll("details")].map((one) => one.open && one.querySelector("summary").textContent);
  document.title = page.title;
  region.replaceChildren(...found.childNodes);
  for (const one of region.querySelectorAll("details")) one.open = open.includes(one.querySelector("summary").textContent);
}
