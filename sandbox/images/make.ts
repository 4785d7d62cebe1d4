import { makeLayers } from "./ensure.ts";
import { type ImageSet, images } from "./images.ts";

// node sandbox/images/make.ts: makes what all test images are made of, where it is not in the user's cache.

await makeLayers(Object.keys(images) as ImageSet[], (line) => console.log(line));
