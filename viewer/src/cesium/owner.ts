/** Whoever makes a GPU object, a listener or an effect gives it to an owner, which ends them all at once. */
export type Ending = () => void;

export class Owner {
  #endings: Ending[] = [];

  own(ending: Ending): void {
    this.#endings.push(ending);
  }

  /** Ends everything owned, the latest first. */
  dispose(): void {
    for (const ending of this.#endings.splice(0).reverse()) ending();
  }
}
