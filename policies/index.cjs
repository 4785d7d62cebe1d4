// pulumi up --policy-pack policies (after npm install in this folder)

// The engine loads a pack by require, and Node.js before 22.18 knows no types.
require("tsx/cjs");
const { PolicyPack } = require("@pulumi/policy");
const { policies } = require("./policies.ts");

/** The engine hands secrets over in plain text: where one may stand, nobody can tell them from others. */
const MAY_HOLD_SECRETS = /:(Secret|Release)$/;

function validate({ name, check }) {
  return ({ type, props }, report) => {
    if (name === "no-plain-secrets" && MAY_HOLD_SECRETS.test(type)) return;
    for (const what of check({ type, inputs: props })) report(what);
  };
}

new PolicyPack("dask", {
  policies: policies.map((policy) => ({
    name: policy.name,
    description: policy.description,
    enforcementLevel: "mandatory",
    validateResource: validate(policy),
  })),
});
