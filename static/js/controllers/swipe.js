// Swipe to the next or the previous that waits. The links exist without it: data-swipe-target="next" / "previous".
import { Controller } from "stimulus";

const FAR = 64;

export default class extends Controller {
  static targets = ["next", "previous"];

  start(event) {
    const [touch] = event.touches;
    const scroller = event.target.closest(".scroll-x, .net-tabs, textarea, input");
    this.from = event.touches.length === 1 && !scroller ? { x: touch.clientX, y: touch.clientY } : null;
  }

  end(event) {
    if (!this.from) return;
    const [touch] = event.changedTouches;
    const across = touch.clientX - this.from.x;
    const down = Math.abs(touch.clientY - this.from.y);
    this.from = null;
    if (Math.abs(across) < FAR || down > Math.abs(across) / 2) return;
    const [target] = across < 0 ? this.nextTargets : this.previousTargets;
    target?.click();
  }
}
