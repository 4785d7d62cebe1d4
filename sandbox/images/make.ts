import { makeNodePrograms } from "../node/programs.ts";
import { makeLayers } from "./ensure.ts";
import { type ImageSet, images } from "./images.ts";

// node sandbox/images/make.ts: makes what a real node and all test images are made of, where it is not in the user's
// cache.

const log = (line: string) => console.log(line);

await makeNodePrograms(log);
await makeLayers(Object.keys(images) as ImageSet[], log);
