/** What takes a kind of leftover away, by how `leftovers` words it; packet filter rules do not say of which table they are. */
const COMMANDS: readonly [line: RegExp, command: string][] = [
  [/^process (\d+): .*$/, "kill -KILL $1"],
  [/^mount: (?:\S+ ){4}(\S+) .*$/, "umount $1"],
  [/^network device (\S+)$/, "ip link delete $1"],
  [/^route: (.*)$/, "ip route delete $1"],
  [/^cgroup (.*)$/, "find $1 -depth -type d -exec rmdir {} +"],
];

/** What to say of a sandbox or cloud that was stopped and left something, with the commands that take it away; pure. */
export function leftWords(root: string, left: readonly string[]): string {
  return [
    `${root} was stopped, but this is left of it:`,
    ...left,
    "Take it away as root; then stop it once more, which looks again: npm run sandbox:down -- --force",
    ...left.flatMap(removal).map((command) => `  ${command}`),
  ].join("\n");
}

function removal(line: string): string[] {
  const found = COMMANDS.find(([pattern]) => pattern.test(line));
  return found === undefined ? [] : [line.replace(...found)];
}
