// Fills a comment's form with what it is about: words selected in a text (data-part), a point on a picture (data-media), the second at which a video stands.
import { Controller } from "stimulus";

const AROUND = 24;

export default class extends Controller {
  static targets = ["about", "part", "quote", "before", "after", "media", "x", "y", "at"];

  words(event) {
    if (event.target.closest?.("form")) return;
    const selection = document.getSelection();
    const quote = selection?.toString().trim();
    const home = selection?.anchorNode?.parentElement?.closest("[data-part]");
    if (!quote || !home || !home.contains(selection.focusNode) || !this.hasQuoteTarget) return;
    const range = selection.getRangeAt(0);
    this.fill({ quote, part: home.dataset.part, before: this.beside(home, range, true), after: this.beside(home, range, false), media: "", x: "", y: "", at: "" });
  }

  beside(home, range, isBefore) {
    const rest = document.createRange();
    rest.selectNodeContents(home);
    if (isBefore) rest.setEnd(range.startContainer, range.startOffset);
    else rest.setStart(range.endContainer, range.endOffset);
    return isBefore ? rest.toString().slice(-AROUND) : rest.toString().slice(0, AROUND);
  }

  point(event) {
    const figure = event.target.closest("[data-media]");
    if (!figure || !this.hasMediaTarget) return;
    const video = figure.querySelector("video");
    if (video) {
      this.fill({ media: figure.dataset.media, at: String(Math.round(video.currentTime * 10) / 10), quote: "", x: "", y: "" });
      return;
    }
    const [x, y] = this.place(event, figure.querySelector("img"));
    this.fill({ media: figure.dataset.media, x, y, quote: "", at: "" });
  }

  // The picture covers its box and is cut at two sides: the point is one of the whole picture.
  place(event, image) {
    const box = image.getBoundingClientRect();
    const [width, height] = [image.naturalWidth || box.width, image.naturalHeight || box.height];
    const scale = Math.max(box.width / width, box.height / height);
    const across = (event.clientX - box.left - box.width / 2) / (width * scale) + 0.5;
    const down = (event.clientY - box.top - box.height / 2) / (height * scale) + 0.5;
    return [across, down].map((share) => Math.min(1, Math.max(0, share)).toFixed(4));
  }

  fill(values) {
    for (const [name, value] of Object.entries(values)) {
      const field = this[`has${name[0].toUpperCase()}${name.slice(1)}Target`] && this[`${name}Target`];
      if (field) field.value = value;
    }
    this.aboutTarget.open = true;
  }
}
