// Compiles contracts/*.sol into the artefacts that the package carries.
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import solc from "solc";

const here = new URL(".", import.meta.url);
const target = new URL("../src/fullreserve/custody/contracts/", here);
const names = readdirSync(new URL("contracts/", here)).filter((name) => name.endsWith(".sol"));
const sources = Object.fromEntries(
  names.map((name) => [name, { content: readFileSync(new URL(`contracts/${name}`, here), "utf8") }]),
);
const settings = {
  optimizer: { enabled: true, runs: 200 },
  evmVersion: "cancun",
  metadata: { bytecodeHash: "none", appendCBOR: false },
  outputSelection: { "*": { "*": ["evm.bytecode.object"] } },
};
const asked = { language: "Solidity", sources, settings };
const answer = JSON.parse(solc.compile(JSON.stringify(asked)));
for (const problem of answer.errors ?? []) console.error(problem.formattedMessage);
if ((answer.errors ?? []).some((problem) => problem.severity === "error")) process.exit(1);
for (const name of names) {
  const contract = name.replace(".sol", "");
  const compiled = answer.contracts[name][contract];
  const kept = { compiler: solc.version(), bytecode: compiled.evm.bytecode.object };
  writeFileSync(new URL(`${contract}.json`, target), `${JSON.stringify(kept, null, 1)}\n`);
}
