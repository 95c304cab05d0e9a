// A click on a star rates at once. The keyboard moves over the stars first, and Enter rates.

export function ratings() {
  document.addEventListener("click", (event) => {
    const star = event.target.closest("form[data-rating] label");
    // The click that the label passes on to its radio button has no place of its own.
    if (!star || event.detail === 0) return;
    // Once, and after the radio button has got its mark.
    setTimeout(() => star.closest("form")?.requestSubmit());
  });
}
