// Suggestions under the search field, as the combobox pattern of ARIA has it. What is typed is
// never replaced; Enter without a choice goes to the page of results.

const LIMIT = 8;
const PAUSE = 90;
const LONGEST = 200;

export function comboboxes() {
  for (const form of document.querySelectorAll("form[data-search]")) new Combobox(form);
}

class Combobox {
  constructor(form) {
    this.form = form;
    this.input = form.querySelector("input[type=search]");
    this.list = document.createElement("ul");
    this.list.id = `${this.input.id}-options`;
    this.list.className = "options";
    this.list.hidden = true;
    this.list.setAttribute("role", "listbox");
    this.list.setAttribute("aria-label", "Suggestions");
    this.status = document.createElement("span");
    this.status.className = "visually-hidden";
    this.status.setAttribute("role", "status");
    form.append(this.list, this.status);
    const roles = { role: "combobox", "aria-expanded": "false", "aria-autocomplete": "list", "aria-controls": this.list.id };
    for (const [name, text] of Object.entries(roles)) this.input.setAttribute(name, text);
    this.options = [];
    this.chosen = -1;
    this.asked = 0;
    this.input.addEventListener("input", () => this.typed());
    this.input.addEventListener("keydown", (event) => this.pressed(event));
    this.input.addEventListener("focus", () => this.options.length && this.open());
    form.addEventListener("focusout", (event) => form.contains(event.relatedTarget) || this.close());
    this.list.addEventListener("pointerdown", (event) => event.preventDefault());
    this.list.addEventListener("click", (event) => this.go(event.target.closest("[role=option]")));
  }

  typed() {
    clearTimeout(this.timer);
    const query = this.input.value.trim();
    if (!query || query.length > LONGEST) return this.show([], "");
    this.timer = setTimeout(() => this.ask(query), PAUSE);
  }

  async ask(query) {
    const turn = ++this.asked;
    const parameters = new URLSearchParams({ query, limit: LIMIT });
    try {
      const answer = await fetch(`/v1/search?${parameters}`);
      const found = answer.ok ? await answer.json() : null;
      // Answers may come in another order than they were asked for.
      if (turn === this.asked && query === this.input.value.trim()) this.show(found ? optionsOf(found) : [], query);
    } catch {
      this.show([], "");
    }
  }

  show(options, query) {
    this.options = options;
    this.chosen = -1;
    this.list.replaceChildren(...options.map((option, place) => element(option, `${this.list.id}-${place}`)));
    this.input.removeAttribute("aria-activedescendant");
    this.status.textContent = query ? `${options.length} suggestion${options.length === 1 ? "" : "s"}` : "";
    if (options.length && this.form.contains(document.activeElement)) this.open();
    else this.close();
  }

  pressed(event) {
    const moves = { ArrowDown: 1, ArrowUp: -1 };
    if (event.key in moves && this.options.length) {
      event.preventDefault();
      this.open();
      const n = this.options.length + 1;
      this.choose(((this.chosen + 1 + moves[event.key] + n) % n) - 1);
    } else if (event.key === "Enter" && this.chosen >= 0 && !this.list.hidden) {
      event.preventDefault();
      this.go(this.list.children[this.chosen]);
    } else if (event.key === "Escape" && !this.list.hidden) {
      event.preventDefault();
      this.close();
    }
  }

  choose(place) {
    this.chosen = place;
    [...this.list.children].forEach((one, n) => one.setAttribute("aria-selected", String(n === place)));
    const found = this.list.children[place];
    if (!found) return this.input.removeAttribute("aria-activedescendant");
    this.input.setAttribute("aria-activedescendant", found.id);
    found.scrollIntoView({ block: "nearest" });
  }

  go(option) {
    if (option) location.assign(option.dataset.href);
  }

  open() {
    this.list.hidden = false;
    this.input.setAttribute("aria-expanded", "true");
  }

  close() {
    this.list.hidden = true;
    this.input.setAttribute("aria-expanded", "false");
    this.choose(-1);
  }
}

function optionsOf(found) {
  const films = found.movies.map((movie) => ({
    href: `/movies/${movie.movie_id}`,
    text: movie.title,
    spans: movie.spans,
    kind: movie.year ?? "",
    picture: `/posters/${movie.movie_id}`,
  }));
  const people = found.people.map((person) => ({
    href: `/movies?${new URLSearchParams({ person: person.name })}`,
    text: person.name,
    spans: [],
    kind: `${person.n_movies} film${person.n_movies === 1 ? "" : "s"}`,
  }));
  const words = (found.keywords ?? []).map((word) => ({
    href: `/movies?${new URLSearchParams({ keyword: word.keyword })}`,
    text: word.keyword,
    spans: [],
    kind: "subject",
  }));
  return [...films, ...people.slice(0, 3), ...words.slice(0, 2)];
}

function element(option, id) {
  const found = document.createElement("li");
  found.className = "option";
  found.id = id;
  found.dataset.href = option.href;
  found.setAttribute("role", "option");
  found.setAttribute("aria-selected", "false");
  if (option.picture) {
    const picture = document.createElement("img");
    Object.assign(picture, { src: option.picture, width: 32, height: 48, alt: "" });
    found.append(picture);
  }
  const text = document.createElement("span");
  text.className = "option-text";
  text.append(...marked(option.text, option.spans ?? []));
  const kind = document.createElement("span");
  kind.className = "option-kind";
  kind.textContent = option.kind;
  found.append(text, kind);
  return found;
}

/** The text with its matched parts marked; positions count characters, as Python counts them. */
function marked(text, spans) {
  const letters = [...text];
  const parts = [];
  let place = 0;
  for (const [start, end] of spans) {
    parts.push(letters.slice(place, start).join(""));
    const mark = document.createElement("mark");
    mark.textContent = letters.slice(start, end).join("");
    parts.push(mark);
    place = end;
  }
  return [...parts, letters.slice(place).join("")];
}
