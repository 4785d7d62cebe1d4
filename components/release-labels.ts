import type * as pulumi from "@pulumi/pulumi";
import { type Namespace, OWNER_LABEL, ownerLabel } from "./namespace.ts";

/** The label by which an object shows the release of the settings that made it. */
export const RELEASE_LABEL = "app.kubernetes.io/instance";

/**
 * Options that label what a release makes and what no namespace of the stack takes along: all in namespaces that can
 * outlive it, and what belongs to no namespace.
 *
 * A provider that dies leaves objects that no state notes. A destroy does not know them, and by these labels
 * `doctor/unnoted.ts` does.
 *
 * @param namespaces those that the release puts objects into
 */
export function labelled(
  release: string,
  namespaces: readonly Namespace[],
): Required<Pick<pulumi.ComponentResourceOptions, "transformations">> {
  const labels = { [OWNER_LABEL]: ownerLabel(), [RELEASE_LABEL]: release };
  return { transformations: [labelling(labels, namespaces.some(canOutlive))] };
}

function canOutlive({ resources, teardown }: Namespace): boolean {
  return resources.length === 0 || teardown !== undefined;
}

/**
 * A transformation that adds labels to objects of Kubernetes and takes the place of none.
 *
 * What an object makes itself, like pods by a template, stays as it is, and so does what only reads an object.
 *
 * @param everywhere whether objects in namespaces are labelled too
 */
export function labelling(
  labels: Readonly<Record<string, string>>,
  everywhere: boolean,
): pulumi.ResourceTransformation {
  return ({ type, props, opts }) => {
    if (!type.startsWith("kubernetes:") || type === HELM_RELEASE || isRead(opts)) return undefined;
    const metadata: Metadata = props.metadata ?? {};
    if (metadata.namespace !== undefined && !everywhere) return undefined;
    return {
      props: { ...props, metadata: { ...metadata, labels: { ...labels, ...metadata.labels } } },
      opts,
    };
  };
}

/** As every component here writes it: never an output as a whole. */
interface Metadata {
  readonly namespace?: pulumi.Input<string>;
  readonly labels?: Readonly<Record<string, string>>;
}

const HELM_RELEASE = "kubernetes:helm.sh/v3:Release";

function isRead(opts: pulumi.CustomResourceOptions): boolean {
  return opts.id !== undefined;
}
