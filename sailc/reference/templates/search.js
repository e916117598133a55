// Finds names while one types; `/` begins, arrows move, Escape ends.
const field = document.getElementById("search");
const found = document.getElementById("found");

function rank(name, words) {
  const low = name.toLowerCase();
  return low === words ? 0 : low.startsWith(words) ? 1 : low.includes(words) ? 2 : 3;
}

function hits(text) {
  const words = text.trim().toLowerCase();
  if (!words) return [];
  return NAMES
    .filter(([name, kind, summary]) => `${name} ${kind} ${summary}`.toLowerCase().includes(words))
    .sort((a, b) => rank(a[0], words) - rank(b[0], words) || a[0].localeCompare(b[0]))
    .slice(0, 20);
}

function line([name, kind, summary, place]) {
  const link = document.createElement("a");
  link.href = place;
  for (const [tag, text] of [["b", name], ["small", ` ${kind}`], ["div", summary]]) {
    link.append(Object.assign(document.createElement(tag), { textContent: text }));
  }
  const item = document.createElement("li");
  item.append(link);
  return item;
}

field.addEventListener("input", () => {
  const list = hits(field.value);
  found.replaceChildren(...list.map(line));
  found.hidden = !list.length;
});

document.addEventListener("keydown", (event) => {
  const links = [...found.querySelectorAll("a")];
  const at = links.indexOf(document.activeElement);
  const inside = at >= 0 || document.activeElement === field;
  if (event.key === "/" && document.activeElement !== field) field.focus();
  else if (event.key === "Escape") found.hidden = true;
  else if (event.key === "ArrowDown" && inside) links[Math.min(at + 1, links.length - 1)]?.focus();
  else if (event.key === "ArrowUp" && inside) (links[at - 1] ?? field).focus();
  else if (event.key === "Enter" && document.activeElement === field) links[0]?.click();
  else return;
  event.preventDefault();
});

document.addEventListener("click", (event) => {
  if (!event.target.closest(".search")) found.hidden = true;
});
