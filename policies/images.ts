import { type Fields, type Planned, parts } from "./planned.ts";

const PINNED = /(:(?!latest$)[\w][\w.-]*|@sha256:[0-9a-f]{64})$/;

/** Images without a tag or digest, or with the tag `latest`. */
export function badImages({ type, inputs }: Planned): readonly string[] {
  // Clouds call other things images too.
  if (!type.startsWith("kubernetes:")) return [];
  return parts(inputs).flatMap(({ path, value }) =>
    imagesOf(value)
      .filter((image) => !PINNED.test(image.slice(image.lastIndexOf("/") + 1)))
      .map((image) => `${path === "" ? "image" : path} names ${image}; give it a fixed tag or a digest`),
  );
}

/** The images of a container, or of the part of a chart's values that describes one. */
function imagesOf({ image, repository, name, tag }: Fields): readonly string[] {
  if (typeof image === "string" && image !== "") return [image];
  const repo = repository ?? name;
  return typeof repo === "string" && typeof tag === "string" ? [`${repo}${tag === "" ? "" : `:${tag}`}`] : [];
}
