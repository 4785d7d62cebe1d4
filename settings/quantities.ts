import { z } from "zod";

/** Units of a memory size in bytes: Dask and Kubernetes read `K`, `M`, `G` and `T` as powers of 1000. */
const BYTES = { K: 1e3, M: 1e6, G: 1e9, T: 1e12 } as const;
const SECONDS = { s: 1, m: 60, h: 3600, d: 86400 } as const;

/** Shows a value as it would stand in a stack file, cut to a length that fits a line. */
export function show(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return printable(text.length > 60 ? `${text.slice(0, 57).replace(HALF_CHARACTER, "")}...` : text);
}

/** What a cut leaves of a character of two UTF-16 units. */
const HALF_CHARACTER = /[\ud800-\udbff]$/;

/** Text for a terminal: what would move its cursor, colour it or turn its direction stands as JSON escapes it. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, (character) =>
    Array.from({ length: character.length }, (_, index) => escaped(character.charCodeAt(index))).join(""),
  );
}

function escaped(unit: number): string {
  return `\\u${unit.toString(16).padStart(4, "0")}`;
}

function memoryRemedy(input: unknown): string {
  const written = typeof input === "string" || typeof input === "number" ? String(input) : "";
  const found = /^(\d+(?:\.\d+)?)\s*([KMGT])?i?B?$/i.exec(written);
  return `write ${acceptable(Number(found?.[1] ?? 4), found?.[2]?.toUpperCase() ?? "G")}`;
}

/** The size with a number of at least 1, in a smaller unit where it needs one: 0.5 G is `500M`. */
function acceptable(number: number, unit: string): string {
  if (number === 0 || number > Number.MAX_SAFE_INTEGER) return "4G";
  if (number >= 1) return `${number}${unit}`;
  const smaller = SMALLER[unit];
  return smaller === undefined ? `1${unit}` : acceptable(Number((number * 1000).toPrecision(12)), smaller);
}

const SMALLER: Readonly<Record<string, string>> = { T: "G", G: "M", M: "K" };

/** A memory size such as `512M` or `4G`: the charts pass `4Gi` to Dask and JupyterHub, which fail on it later. */
export const memory = z
  .string({ error: (issue) => `must be text with a unit, K, M, G or T; ${memoryRemedy(issue.input)}` })
  .regex(/^[1-9]\d*(\.\d+)?[KMGT]$/, {
    error: (issue) => `must be a number with K, M, G or T, like 512M or 4G; ${memoryRemedy(issue.input)}`,
  })
  .meta({ id: "memory", description: "Memory size: a number with `K`, `M`, `G` or `T`, like `4G`." });

/** CPU cores, a number above zero; fractions are allowed (`0.5`). */
export const cores = z
  .number({ error: "must be a number of CPU cores, like 2 or 0.5; leave out the quotes and the m" })
  .positive({ error: "must be more than 0; write the cores one pod may use, like 0.5" })
  .max(1024, { error: "must be at most 1024 cores; use more replicas instead" })
  .meta({ id: "cores", description: "CPU cores, fractions allowed." });

/** A span of time such as `90s`, `30m`, `12h` or `7d`. */
export const duration = z
  .string({ error: "must be text with a unit, s, m, h or d; write 30m" })
  .regex(/^[1-9]\d*[smhd]$/, { error: "must be a whole number with s, m, h or d; write 30m" })
  .meta({
    id: "duration",
    description: "Span of time: a whole number with `s`, `m`, `h` or `d`, like `30m`.",
  });

/** A DNS label as Kubernetes wants it in names: lower case, digits and dashes, at most 63 characters. */
export const dnsLabel = z
  .string()
  .regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/, {
    error: "must be lower-case letters, digits and dashes, starting and ending with a letter or digit",
  })
  .max(63, { error: "must have at most 63 characters; shorten it" });

/** An IPv4 or IPv6 network in CIDR notation. */
export const cidr = z.union([z.cidrv4(), z.cidrv6()], {
  error: "must be a network in CIDR notation; write 203.0.113.7/32 for one address",
});

/** Bytes of a memory size that the schema accepted. */
export function bytes(size: string): number {
  return Number(size.slice(0, -1)) * BYTES[size.slice(-1) as keyof typeof BYTES];
}

/** A number of bytes as the settings write it: `13.9G`, or `512M` below one of these. */
export function memoryText(size: number): string {
  return size >= BYTES.G ? `${size / BYTES.G}G` : `${size / BYTES.M}M`;
}

/** Seconds of a duration that the schema accepted. */
export function seconds(span: string): number {
  return Number(span.slice(0, -1)) * SECONDS[span.slice(-1) as keyof typeof SECONDS];
}
