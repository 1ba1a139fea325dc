// Makes a passkey or shows one: the browser asks the person, its answer goes into the form, the form is sent.
// Options stand in the page (`data`) or are fetched when they are asked for (`from`), since each is good once.
import { Controller } from "stimulus";

const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (letter) => letter.charCodeAt(0));
const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
const named = (list) => (list || []).map((each) => ({ ...each, id: bytes(each.id) }));

export default class extends Controller {
  static targets = ["credential", "alone", "trouble", "press"];
  static values = { data: String, from: String, failed: String };

  connect() {
    const works = "PublicKeyCredential" in window;
    for (const press of this.pressTargets) press.hidden = !works;
  }

  create(event) {
    return this.attempt(event, async () => {
      const { publicKey } = (await this.options()).creation_options;
      const alone = this.hasAloneTarget && this.aloneTarget.checked;
      const made = await navigator.credentials.create({
        publicKey: {
          ...publicKey,
          challenge: bytes(publicKey.challenge),
          user: { ...publicKey.user, id: bytes(publicKey.user.id) },
          excludeCredentials: named(publicKey.excludeCredentials),
          authenticatorSelection: {
            ...publicKey.authenticatorSelection,
            residentKey: alone ? "required" : "discouraged",
            requireResidentKey: alone,
            userVerification: alone ? "required" : publicKey.authenticatorSelection.userVerification,
          },
        },
      });
      const { attestationObject, clientDataJSON } = made.response;
      return this.answer(made, { attestationObject: text(attestationObject), clientDataJSON: text(clientDataJSON), transports: made.response.getTransports?.() || [] });
    });
  }

  show(event) {
    return this.attempt(event, async () => {
      const { publicKey } = (await this.options()).request_options;
      const shown = await navigator.credentials.get({
        publicKey: { ...publicKey, challenge: bytes(publicKey.challenge), allowCredentials: named(publicKey.allowCredentials) },
      });
      const { authenticatorData, clientDataJSON, signature, userHandle } = shown.response;
      return this.answer(shown, { authenticatorData: text(authenticatorData), clientDataJSON: text(clientDataJSON), signature: text(signature), userHandle: userHandle ? text(userHandle) : null });
    });
  }

  answer(found, response) {
    return { id: found.id, rawId: text(found.rawId), type: found.type, authenticatorAttachment: found.authenticatorAttachment, clientExtensionResults: found.getClientExtensionResults(), response };
  }

  async options() {
    if (!this.fromValue) return JSON.parse(document.getElementById(this.dataValue).textContent);
    return (await fetch(this.fromValue, { headers: { Accept: "application/json" } })).json();
  }

  async attempt(event, ask) {
    event.preventDefault();
    this.troubleTarget.textContent = "";
    try {
      this.credentialTarget.value = JSON.stringify(await ask());
      this.credentialTarget.form.submit();
    } catch {
      this.troubleTarget.textContent = this.failedValue;
    }
  }
}
