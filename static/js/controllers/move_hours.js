// Moves posts between hours by Shift and the arrow keys, or by their button ("Move…"), which opens the form filled in;
// beside `drag-hours`, which says what hours and posts name. data-move-hours-start-value="h8": the row on top at first.
import { Controller } from "stimulus";
import { put } from "controllers/drag_hours";

const AHEAD = { ArrowDown: 1, ArrowUp: -1 };
const ASIDE = { ArrowRight: 1, ArrowLeft: -1 };
const MENU = { width: 224, height: 240 };
const KEPT = "moved-by-key"; // the moved post has the focus again on the page that follows

export default class extends Controller {
  static targets = ["form", "scroll"];
  static values = { start: String };

  connect() {
    const row = this.startValue && document.getElementById(this.startValue);
    if (row) this.scrollTarget.scrollTop = row.offsetTop - this.scrollTarget.querySelector("thead").offsetHeight;
    const kept = document.getElementById(`chip-of-${sessionStorage.getItem(KEPT)}`);
    sessionStorage.removeItem(KEPT);
    (kept?.querySelector("a") || kept)?.focus();
  }

  key(event) {
    const post = event.shiftKey && event.target.closest("a, li")?.closest("[data-id]");
    if (!post || post.dataset.fixed !== undefined || !(event.key in AHEAD || event.key in ASIDE)) return;
    event.preventDefault();
    sessionStorage.setItem(KEPT, post.dataset.id);
    const { dropDate, fold } = post.closest("[data-quarters]").dataset;
    if (event.key in ASIDE) return this.move(post, dayAfter(dropDate, ASIDE[event.key]), timeOf(post), fold);
    const next = this.step(post, AHEAD[event.key]);
    if (next) this.move(post, dropDate, next.time, next.fold);
  }

  // The next or the last time of the day at which a post can stand, as the clock of that day shows them.
  step(post, by) {
    const here = post.closest("[data-quarters]");
    const hours = [...this.element.querySelectorAll(`[data-drop-date="${here.dataset.dropDate}"]`)];
    const times = hours.flatMap((each) =>
      each.dataset.quarters.split(" ").map((m) => ({ time: `${each.dataset.hour}:${m}`, fold: each.dataset.fold })),
    );
    const now = timeOf(post);
    const at = times.findLastIndex((each) => each.fold === here.dataset.fold && each.time <= now);
    return times[by < 0 && times[at]?.time !== now ? at : at + by];
  }

  fill({ currentTarget }) {
    const post = currentTarget.parentElement.querySelector("[data-id]");
    const { dropDate, fold } = post.closest("[data-quarters]").dataset;
    put(this.formTarget, post, dropDate, timeOf(post), fold);
    const { bottom, right } = currentTarget.getBoundingClientRect();
    const form = this.formTarget;
    form.dataset.placed = "";
    form.style.top = `${Math.min(bottom + 4, window.innerHeight - MENU.height)}px`;
    form.style.left = `${Math.max(8, right - MENU.width)}px`;
  }

  move(...where) {
    put(this.formTarget, ...where);
    this.formTarget.requestSubmit();
  }
}

const timeOf = (post) => post.querySelector("time").textContent.trim();

function dayAfter(date, days) {
  const found = new Date(`${date}T12:00:00Z`);
  found.setUTCDate(found.getUTCDate() + days);
  return found.toISOString().slice(0, 10);
}
