import { createHash } from "node:crypto";

export function fingerprint(text) {
  return createHash("sha256").update(text).digest("hex").slice(0, 8);
}

export function minify(style) {
  return style.replace(/\/\*.*?\*\//gs, "").replace(/\s+/g, " ").trim();
}
