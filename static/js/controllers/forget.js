// Forgets what a form kept in this browser, once the server shows that it has it.
import { Controller } from "stimulus";

export default class extends Controller {
  static values = { keys: String };

  connect() {
    for (const key of this.keysValue.split(" ")) localStorage.removeItem(key);
  }
}
