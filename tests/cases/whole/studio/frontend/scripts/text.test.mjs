import assert from "node:assert";
import { test } from "node:test";

import { minify } from "./text.mjs";

test("comments and space go", () => {
  assert.equal(minify("a {\n  /* x */ b: c;\n}\n"), "a { b: c; }");
});
