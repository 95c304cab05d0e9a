// Changes the colours without loading the page again. The cookie is the server's, as without scripts.

export function theme() {
  const form = document.querySelector("[data-theme-form]");
  const button = form.querySelector("button");
  if (!document.documentElement.dataset.theme && matchMedia("(prefers-color-scheme: dark)").matches) name(button, "light");
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const wanted = button.value;
    const data = new URLSearchParams(new FormData(form));
    data.set("theme", wanted);
    document.documentElement.dataset.theme = wanted;
    name(button, wanted === "dark" ? "light" : "dark");
    await fetch(form.action, { method: "POST", body: data, redirect: "manual" }).catch(() => undefined);
  });
}

function name(button, next) {
  button.value = next;
  button.title = `Use ${next} colours`;
  button.setAttribute("aria-label", button.title);
}
