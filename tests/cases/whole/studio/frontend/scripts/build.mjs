// Puts the pages together: names with a hash for what they load, so that browsers may keep it.
import { mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";

import { fingerprint, minify } from "./text.mjs";

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const source = path.join(root, "src");
const target = path.join(root, "dist");

await rm(target, { recursive: true, force: true });
await mkdir(path.join(target, "assets"), { recursive: true });

const scripts = (await readdir(path.join(source, "js"))).filter((name) => name.endsWith(".js")).sort();
const code = (await Promise.all(scripts.map((name) => readFile(path.join(source, "js", name), "utf8")))).join("\n");
const style = minify(await readFile(path.join(source, "studio.css"), "utf8"));

const names = {
  SCRIPT: `assets/studio.${fingerprint(code)}.js`,
  STYLE: `assets/studio.${fingerprint(style)}.css`,
};
await writeFile(path.join(target, names.SCRIPT), code);
await writeFile(path.join(target, names.STYLE), style);

let page = await readFile(path.join(source, "index.html"), "utf8");
for (const [key, name] of Object.entries(names)) page = page.replace(`%${key}%`, `/${name}`);
await writeFile(path.join(target, "index.html"), page);
console.log(`built ${Object.values(names).join(", ")}`);
