import type * as aws from "./aws.ts";

/** The Elastic IPs of endpoints, of which nodes must know before any of them is asked for. */
export interface EndpointAddresses {
  /** @throws Error where all of them have been told already */
  add(address: aws.Eip): void;
  /** All of them, once the program has registered its releases. */
  readonly all: Promise<readonly aws.Eip[]>;
}

/**
 * Collects the Elastic IPs of endpoints for those who must outlive them.
 *
 * Amazon refuses to release an address while the interfaces of its load balancer stand, some minutes longer than its
 * Service, and the provider does not wait. What depends on the addresses goes before them: nodes take those minutes.
 */
export function collectAddresses(): EndpointAddresses {
  const made: aws.Eip[] = [];
  let told = false;
  // The releases of a program are registered in one go, without a turn of the event loop in between.
  const all = new Promise<readonly aws.Eip[]>((tell) => {
    setImmediate(() => {
      told = true;
      tell(made);
    });
  });
  return {
    all,
    add(address) {
      if (told) throw new Error("an endpoint was asked for after the nodes had been told of all addresses");
      made.push(address);
    },
  };
}
