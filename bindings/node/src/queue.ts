/** What can be asked to stop while it waits. */
export interface Stoppable {
  /** Has `stop` called with the reason as soon as there is one; gives back how to take that back. */
  onStop(stop: (reason: unknown) => void): () => void;
}

/** Lets so many in at once, the others in their order. */
export class Queue {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(places: number) {
    this.#free = places;
  }

  /** Runs `work` when it is its turn, or fails with the reason when `stoppable` is stopped before. */
  async run<T>(work: () => Promise<T>, stoppable?: Stoppable): Promise<T> {
    if (this.#free > 0) this.#free -= 1;
    else await this.#turn(stoppable);
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#free += 1;
    }
  }

  #turn(stoppable?: Stoppable): Promise<void> {
    return new Promise((resolve, reject) => {
      const forget = stoppable?.onStop((reason) => {
        this.#waiting.splice(this.#waiting.indexOf(next), 1);
        reject(reason);
      });
      const next = () => {
        forget?.();
        resolve();
      };
      this.#waiting.push(next);
    });
  }
}
