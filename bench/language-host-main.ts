import { startLanguageHost } from "../test/stack/language-host.ts";

// What `pulumi-language-nodejs` of bench/language-host.ts runs: the engine reads the port from its first line and ends
// the process when it is done.

startLanguageHost(undefined, {}).then(({ address }) => console.log(address.split(":").at(-1)));
