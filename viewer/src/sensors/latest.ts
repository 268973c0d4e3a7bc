/** Runs one task at a time, for the newest argument, so that a dragged slider does not flood the server. */

export class Latest<T> {
  #running = false;
  #waiting: { argument: T } | null = null;
  #timer = 0;

  /** pause: between the end of one run and the next [ms]. */
  constructor(
    private readonly task: (argument: T) => Promise<void>,
    private readonly pause: number,
  ) {}

  ask(argument: T): void {
    this.#waiting = { argument };
    if (!this.#running) this.#next();
  }

  stop(): void {
    this.#waiting = null;
    clearTimeout(this.#timer);
    this.#running = false;
  }

  #next(): void {
    const waiting = this.#waiting;
    this.#waiting = null;
    if (!waiting) {
      this.#running = false;
      return;
    }
    this.#running = true;
    void this.task(waiting.argument).finally(() => {
      this.#timer = Number(setTimeout(() => this.#next(), this.pause));
    });
  }
}
