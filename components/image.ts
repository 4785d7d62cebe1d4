/** An image as charts take it that join `name` and `tag` by a colon: before the tag, or within the digest. */
export function imageParts(image: string): { name: string; tag: string } {
  const colon = image.lastIndexOf(":");
  return { name: image.slice(0, colon), tag: image.slice(colon + 1) };
}
