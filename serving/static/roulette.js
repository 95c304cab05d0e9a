// The wheel turns before it shows where it stopped, for those who like motion.

const SECONDS = 3.2;

export function roulette() {
  spin();
  document.addEventListener("roulette:shown", spin);
}

function spin() {
  const table = document.querySelector("[data-roulette]");
  if (!table || table.dataset.spun) return;
  table.dataset.spun = "yes";
  if (matchMedia("(prefers-reduced-motion: reduce)").matches) return;
  const wheel = table.querySelector(".roulette-wheel");
  const pick = table.querySelector(".roulette-pick");
  pick.dataset.waiting = "yes";
  const turns = wheel.animate(
    [{ transform: "rotate(0deg)" }, { transform: `rotate(${1440 + 14.4 * Math.floor(25 * Math.random())}deg)` }],
    { duration: 1000 * SECONDS, easing: "cubic-bezier(0.12, 0.7, 0.15, 1)", fill: "forwards" },
  );
  turns.finished.then(reveal, reveal);
  function reveal() {
    delete pick.dataset.waiting;
  }
}
