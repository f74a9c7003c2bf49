// Runs every vector, and sessions with the host's clock and randomness, in wasm: node run.mjs FILE.wasm
import { readFile } from "node:fs/promises";
import { randomBytes } from "node:crypto";

const module = await WebAssembly.compile(await readFile(process.argv[2]));
const host = { now: () => Date.now(), random_byte: () => randomBytes(1)[0] };
// A trap leaves an instance unusable, so a new one follows.
const start = async () => (await WebAssembly.instantiate(module, { host })).exports;
let wasm = await start();

const text = () => {
  const bytes = new Uint8Array(wasm.memory.buffer, wasm.text_address(), wasm.text_length());
  return new TextDecoder().decode(bytes);
};

let passed = 0;
let failed = 0;
const attempt = async (name, test) => {
  try {
    test();
    passed += 1;
  } catch (trap) {
    failed += 1;
    let reason = String(trap);
    try {
      reason = text() || reason;
    } catch {
      // The lock that guards the text was held when it trapped.
    }
    console.log(`${name}: ${reason}`);
    wasm = await start();
  }
};

const vectors = wasm.count();
for (let number = 0; number < vectors; number += 1) {
  wasm.name(number);
  await attempt(text(), () => wasm.run(number));
}
await attempt("sessions by the host's clock and randomness", () => wasm.sessions());
console.log(`${vectors} vectors in wasm under Node ${process.version}`);
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 && vectors > 0 ? 0 : 1);
