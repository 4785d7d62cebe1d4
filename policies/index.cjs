// pulumi up --policy-pack policies

// The engine loads a pack by require, and Node.js before 22.18 knows no types.
require("tsx/cjs");
const { PolicyPack } = require("@pulumi/policy");
const { policies } = require("./policies.ts");
const { withKnownSecrets } = require("./secrets.ts");

new PolicyPack("dask", {
  policies: policies.map(({ name, description, check }) => ({
    name,
    description,
    enforcementLevel: "mandatory",
    validateResource({ type, props }, report) {
      for (const what of check(withKnownSecrets({ type, inputs: props }))) report(what);
    },
  })),
});
