// Moves posts between hours by mouse, in steps of 15 minutes; `move-hours` adds keys and the menu. Hours:
// data-drop-date data-hour data-fold data-quarters="00 15 30 45"; posts: data-id, data-fixed; one form with post, date, time, fold.
import { Controller } from "stimulus";

export default class extends Controller {
  static targets = ["form"];

  lift(event) {
    const post = event.target.closest("[data-id]");
    if (!post || post.dataset.fixed !== undefined) return event.preventDefault();
    this.post = post;
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", post.dataset.id);
    post.dataset.lifted = "";
  }

  over(event) {
    const hour = event.target.closest("[data-quarters]");
    if (!this.post || !hour) return;
    event.preventDefault();
    const quarters = hour.dataset.quarters.split(" ");
    const { top, height } = hour.getBoundingClientRect();
    const at = Math.floor(((event.clientY - top) / height) * quarters.length);
    const minute = quarters[Math.max(0, Math.min(at, quarters.length - 1))];
    if (this.hour !== hour) this.leave();
    this.hour = hour;
    hour.dataset.dropping = `${hour.dataset.hour}:${minute}`;
  }

  leave() {
    delete this.hour?.dataset.dropping;
    this.hour = null;
  }

  drop(event) {
    if (!this.post || !this.hour) return;
    event.preventDefault();
    const { dropDate, dropping, fold } = this.hour.dataset;
    put(this.formTarget, this.post, dropDate, dropping, fold);
    this.formTarget.requestSubmit();
    this.end();
  }

  end() {
    delete this.post?.dataset.lifted;
    this.leave();
    this.post = null;
  }
}

export function put(form, post, date, time, fold) {
  const { elements } = form;
  [elements.post.value, elements.date.value] = [post.dataset.id, date];
  [elements.time.value, elements.fold.value] = [time, fold];
}
