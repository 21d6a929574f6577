// Prints what the packages' own validators say against the documents on stdin: a list of lists of texts, in their
// order. They look at values; unknown fields are what the types find.
import { readFileSync } from "node:fs";

const documents = JSON.parse(readFileSync(0, "utf8"));
const said = documents.map(async ({ module, document }) => {
  const model = (await import(module))[document.kind];
  try {
    new model(document).validate();
    return [];
  } catch (error) {
    return [error.message];
  }
});
console.log(JSON.stringify(await Promise.all(said)));
