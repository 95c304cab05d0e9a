// Where not all tabs fit, the one that is chosen is in view.

export function tabs() {
  show();
  document.addEventListener("roulette:shown", show);
}

function show() {
  for (const bar of document.querySelectorAll(".tabs")) {
    const chosen = bar.querySelector("[aria-current]");
    if (chosen) bar.scrollLeft = chosen.offsetLeft - (bar.clientWidth - chosen.offsetWidth) / 2;
  }
}
