import { bytes } from "../settings/quantities.ts";

const SUFFIXES = ["", "k", "M", "G", "T"] as const;

/**
 * A memory size of the settings as Kubernetes writes it: a whole number with the largest suffix that fits, `1500M` for
 * `1.5G` and `512k` for `512K`.
 *
 * Kubernetes refuses the capital K of the settings; Dask reads either, JupyterHub's own sizes need the capital one.
 */
export function canonicalMemory(size: string): string {
  let number = Math.round(bytes(size));
  let power = 0;
  while (number % 1000 === 0 && power < SUFFIXES.length - 1) {
    number /= 1000;
    power += 1;
  }
  return `${number}${SUFFIXES[power]}`;
}

/** Cores as Kubernetes writes them: whole cores, else thousandths, `500m` for 0.5. */
export function canonicalCores(cores: number): string {
  const thousandths = Math.max(1, Math.round(cores * 1000));
  return thousandths % 1000 === 0 ? String(thousandths / 1000) : `${thousandths}m`;
}
