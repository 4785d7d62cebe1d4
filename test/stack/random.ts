/** Random numbers that a seed repeats. */
export interface Random {
  readonly seed: number;
  /** A number from 0 up to 1. */
  next(): number;
  pick<T>(from: readonly [T, ...T[]]): T;
}

/** Random numbers by the generator mulberry32, which is small and good enough to choose points in time. */
export function randomOf(seed: number): Random {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return { seed, next, pick: (from) => from[Math.floor(next() * from.length)] ?? from[0] };
}
