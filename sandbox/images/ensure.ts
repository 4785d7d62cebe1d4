import type { Log } from "../build.ts";
import type { Layout } from "../layout.ts";
import { type Image, type ImageSet, images } from "./images.ts";
import { ensureLayer, type Layer, storedLayer } from "./layers.ts";
import { nameImage, storeImage } from "./store.ts";

/** Says of every image what it is; `kubectl` users see it with `ctr images`, readers here. */
const LABELS = {
  "org.opencontainers.image.title":
    "Test image of the pulumi-dask sandbox, not the genuine image of this name",
};

/**
 * Makes the images of some sets, where they are not in the user's cache, and offers them to a sandbox's node.
 * Two layers are made at a time. Throws with the last words of the tool that failed.
 * Answers the names under which the sandbox had other images until now.
 */
export async function ensureImages(layout: Layout, sets: readonly ImageSet[], log: Log): Promise<string[]> {
  await makeLayers(sets, log);
  const renewed: string[] = [];
  for (const { name, layers, config } of imagesOf(sets)) {
    const descriptors = await Promise.all(layers.map((layer) => ensureLayer(layer, log)));
    if (nameImage(layout, name, storeImage(descriptors, { ...config, Labels: LABELS }))) renewed.push(name);
  }
  return renewed;
}

/** Makes the layers of some sets that are not in the user's cache, and needs no sandbox for it. */
export async function makeLayers(sets: readonly ImageSet[], log: Log): Promise<void> {
  const missing = missingLayers(imagesOf(sets));
  if (missing.length > 0) log(`making layers of test images: ${missing.map(({ name }) => name).join(", ")}`);
  await makeAll(missing, log);
}

function imagesOf(sets: readonly ImageSet[]): Image[] {
  return [...new Set(sets)].flatMap((set): readonly Image[] => images[set]);
}

/** The layers of some images that are not in the cache, each once, those first that others need. */
export function missingLayers(wanted: readonly Image[]): Layer[] {
  const all = wanted.flatMap(({ layers }) => layers).flatMap((layer) => [...layer.needs, layer]);
  return [...new Set(all)].filter((layer) => storedLayer(layer) === undefined);
}

async function makeAll(missing: readonly Layer[], log: Log): Promise<void> {
  const needed = new Set(missing.flatMap(({ needs }) => needs));
  for (const layer of missing.filter((each) => needed.has(each))) await ensureLayer(layer, log);
  const queue = missing.filter((each) => !needed.has(each));
  const worker = async () => {
    for (let layer = queue.shift(); layer !== undefined; layer = queue.shift()) await ensureLayer(layer, log);
  };
  await Promise.all([worker(), worker()]);
}
