/** Why this machine cannot do something. */
export interface Obstacle {
  /** The end of a sentence, without a full stop. */
  readonly why: string;
  /** What mends it, as an order; absent where the machine is of a kind that cannot. */
  readonly remedy?: string;
}

/** An obstacle in words: why, and what mends it where something does; pure. */
export function inWords({ why, remedy }: Obstacle): string {
  return remedy === undefined ? why : `${why}; ${remedy}`;
}
