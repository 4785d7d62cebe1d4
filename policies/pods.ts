import { type Fields, fields, list, type Planned } from "./planned.ts";

/** A pod that a resource asks for. */
export interface Pod {
  readonly spec: Fields;
  readonly annotations: Fields;
}

/** The pods that an object of Kubernetes asks for: its own, or those of its template. */
export function podsOf({ type, inputs }: Planned): readonly Pod[] {
  if (!type.startsWith("kubernetes:")) return [];
  const spec = fields(inputs.spec);
  if (/:Pod$/.test(type)) return [podOf(inputs)];
  const template = /:CronJob$/.test(type)
    ? fields(fields(fields(spec.jobTemplate).spec).template)
    : spec.template;
  return Object.keys(fields(fields(template).spec)).length === 0 ? [] : [podOf(fields(template))];
}

function podOf({ spec, metadata }: Fields): Pod {
  return { spec: fields(spec), annotations: fields(fields(metadata).annotations) };
}

/** All containers of a pod, those that run first included. */
export function containersOf({ spec }: Pod): readonly Fields[] {
  return [...list(spec.initContainers), ...list(spec.containers)].map(fields);
}
