// Everything at once: a list that the server keeps. This page holds its reference, how many it stands for and as of
// when, what was taken out of it here, and of which workflows shown so far the server has said whether they belong to it.

export class Everything {
  #members = new Map();

  /** `told` is what the server says of a list that is there; `askedAt` the address that it was asked for at. */
  constructor(told, askedAt) {
    this.reference = told.dataset.snapshot;
    this.asOf = told.dataset.asOf;
    this.note = told.innerText.trim();
    this.askedAt = askedAt;
    this.leftOut = new Set();
    this.all = Number(told.dataset.count);
  }

  get count() {
    return this.all - this.leftOut.size;
  }

  /** The filter that it was asked for with, as in the list's address. */
  get filter() {
    return new URL(this.askedAt, location.href).search.slice(1);
  }

  isMember(id) {
    return this.#members.get(id) === true;
  }

  has(id) {
    return this.isMember(id) && !this.leftOut.has(id);
  }

  /** Take a member out, or in again. */
  set(id, isWanted) {
    if (isWanted) this.leftOut.delete(id);
    else this.leftOut.add(id);
  }

  /** Return those of which nothing is known yet; from now on the server is being asked. */
  ask(ids) {
    const unknown = ids.filter((id) => !this.#members.has(id));
    for (const id of unknown) this.#members.set(id, false);
    return unknown;
  }

  /** The server said that these belong to it. */
  learn(ids) {
    for (const id of ids) this.#members.set(id, true);
  }

  /** The server said nothing of these. */
  forget(ids) {
    for (const id of ids) this.#members.delete(id);
  }
}
