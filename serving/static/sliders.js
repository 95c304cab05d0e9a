// Says what a slider means while it moves, to the eye and to screen readers.

export function sliders() {
  document.addEventListener("input", (event) => event.target.matches(".slider input") && describe(event.target));
  document.addEventListener("roulette:shown", all);
  all();
}

function all() {
  for (const slider of document.querySelectorAll(".slider input")) describe(slider);
}

function describe(slider) {
  const words = slider.dataset.words;
  const share = (slider.value - slider.min) / (slider.max - slider.min);
  const named = words.split("|");
  const text = words === "percent" ? `${Math.round(100 * share)} %` : named[Math.round(share * (named.length - 1))];
  slider.setAttribute("aria-valuetext", text);
  slider.nextElementSibling.textContent = text;
  slider.parentElement.classList.toggle("slider-set", Number(slider.value) !== 0);
}
