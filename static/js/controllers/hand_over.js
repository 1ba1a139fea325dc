// Drags a duty to another person's row and shows what that would do to both loads, before anything is saved.
// The same is done without a mouse by the form under "Hand over". Duties: data-hand-over-target="duty" data-url;
// rows: data-drop-member="<id>".
import { Controller } from "stimulus";

export default class extends Controller {
  static targets = ["duty", "dialog"];

  lift(event) {
    const duty = event.target.closest("[data-hand-over-target=duty]");
    if (!duty) return;
    this.duty = duty;
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", duty.dataset.url);
    duty.dataset.lifted = "";
  }

  over(event) {
    const row = event.target.closest("[data-drop-member]");
    if (!this.duty || !row || row === this.duty.closest("[data-drop-member]")) return;
    event.preventDefault();
    if (this.row === row) return;
    this.clear();
    this.row = row;
    row.dataset.dropping = "";
  }

  drop(event) {
    const { duty, row } = this;
    if (!duty || !row) return;
    event.preventDefault();
    this.end();
    this.preview(`${duty.dataset.url}?to=${row.dataset.dropMember}`);
  }

  end() {
    delete this.duty?.dataset.lifted;
    this.clear();
    this.duty = null;
  }

  clear() {
    delete this.row?.dataset.dropping;
    this.row = null;
  }

  async preview(url) {
    await window.htmx.ajax("GET", url, { target: "#move-preview", swap: "morph" });
    this.dialogTarget.showModal();
  }
}
