// Keys of the page: data-hotkey="a", "g c", "/, mod+k" with data-hotkey-label="…". "?" lists them; J and K walk the rows.
import { Controller } from "stimulus";
import { OPENED } from "events";
const WRITING = "input, textarea, select, [contenteditable=true]";

export default class extends Controller {
  connect() {
    this.first = "";
    document.addEventListener("keydown", (this.onKey = (event) => this.press(event)));
    this.help = document.getElementById("hotkeys");
    this.help?.addEventListener(OPENED, () => this.list());
  }

  disconnect() {
    document.removeEventListener("keydown", this.onKey);
  }

  press(event) {
    const mod = event.ctrlKey || event.metaKey;
    if (event.altKey || event.isComposing || event.defaultPrevented) return;
    if (!mod && (event.target.closest(WRITING) || document.querySelector("dialog[open]"))) return;
    const key = (mod ? "mod+" : "") + event.key.toLowerCase();
    const hit = (this.first && this.find(`${this.first} ${key}`)) || this.find(key);
    this.first = "";
    if (hit) {
      event.preventDefault();
      hit.click();
    } else if (key === "?" && this.help) {
      this.help.showModal();
      this.list();
    } else if (key === "j" || key === "k") this.walk(key === "j" ? 1 : -1);
    else if (key === "enter" && event.target === document.body) this.row?.querySelector("a")?.click();
    else if (key === "g") {
      this.first = "g";
      setTimeout(() => (this.first = ""), 900);
    }
  }

  get row() {
    return document.querySelector(".list-row[aria-current]");
  }

  keysOf(element) {
    return element.dataset.hotkey.split(",").map((key) => key.trim());
  }

  find(key) {
    const inRow = this.row ? [...this.row.querySelectorAll("[data-hotkey]")] : [];
    const all = [...inRow, ...document.querySelectorAll("[data-hotkey]")];
    return all.find((element) => this.keysOf(element).includes(key) && element.ariaDisabled !== "true" && !element.disabled);
  }

  walk(step) {
    const rows = [...document.querySelectorAll(".list-row")].filter((row) => row.offsetParent);
    const next = rows[this.row ? rows.indexOf(this.row) + step : 0];
    if (!next) return;
    this.row?.removeAttribute("aria-current");
    next.setAttribute("aria-current", "true");
    next.querySelector("a, button")?.focus({ preventScroll: true });
    next.scrollIntoView({ block: "nearest" });
  }

  list() {
    const into = this.help.querySelector("dl");
    into.querySelectorAll("[data-found]").forEach((element) => element.remove());
    const seen = new Set();
    for (const element of document.querySelectorAll("[data-hotkey-label]")) {
      const label = element.dataset.hotkeyLabel;
      if (seen.has(label) || !element.dataset.hotkey) continue;
      seen.add(label);
      const [dt, dd] = ["dt", "dd"].map((name) => document.createElement(name));
      for (const key of this.keysOf(element)[0].split(" ")) {
        dt.append(Object.assign(document.createElement("kbd"), { textContent: key.replace("mod+", "Ctrl ").toUpperCase() }));
      }
      dd.textContent = label;
      for (const part of [dt, dd]) part.dataset.found = "";
      into.prepend(dt, dd);
    }
  }
}
