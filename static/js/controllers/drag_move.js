// Moves chips between days: by mouse, or Shift with the arrow keys on a focused chip. Each ends as one form post,
// the same that the chip's menu ("Move…") sends. Chips: data-drag-move-target="chip" data-id; days: data-drop-date="2026-03-19".
import { Controller } from "stimulus";
import { MOVED } from "events";

const STEPS = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -7, ArrowDown: 7 };

export default class extends Controller {
  static targets = ["chip", "form"];

  chipTargetConnected(chip) {
    chip.draggable = chip.dataset.fixed === undefined;
  }

  lift(event) {
    const chip = event.target.closest("[data-drag-move-target=chip]");
    if (!chip || chip.dataset.fixed !== undefined) return;
    this.chip = chip;
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", chip.dataset.id);
    chip.dataset.lifted = "";
  }

  over(event) {
    const day = event.target.closest("[data-drop-date]");
    if (!this.chip || !day) return;
    event.preventDefault();
    if (this.day === day) return;
    this.clear();
    this.day = day;
    day.dataset.dropping = "";
  }

  drop(event) {
    const day = event.target.closest("[data-drop-date]");
    if (!this.chip || !day) return;
    event.preventDefault();
    const { chip } = this;
    this.end();
    if (chip.closest("[data-drop-date]") !== day) this.move(chip, day.dataset.dropDate);
  }

  end() {
    delete this.chip?.dataset.lifted;
    this.clear();
    this.chip = null;
  }

  clear() {
    delete this.day?.dataset.dropping;
    this.day = null;
  }

  key(event) {
    const chip = event.target.closest("[data-drag-move-target=chip]");
    const step = event.shiftKey && STEPS[event.key];
    if (!chip || chip.dataset.fixed !== undefined || !step) return;
    event.preventDefault();
    const date = new Date(`${chip.closest("[data-drop-date]").dataset.dropDate}T12:00:00Z`);
    date.setUTCDate(date.getUTCDate() + step);
    this.move(chip, date.toISOString().slice(0, 10));
  }

  move(chip, date) {
    const form = this.formTarget;
    form.elements.post.value = chip.dataset.id;
    form.elements.date.value = date;
    this.dispatch("moved", { prefix: "", detail: { id: chip.dataset.id, date, name: MOVED } });
    form.requestSubmit();
  }
}
