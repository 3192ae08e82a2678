// Prints what each mail program drops of the page on standard input, as JSON: {feature: [program, ...]}.
// Its argument is where the package caniemail is.
import { readFileSync } from "node:fs";

const PROGRAMS = {
  "Apple Mail": ["apple-mail.ios", "apple-mail.macos"],
  Gmail: ["gmail.android", "gmail.desktop-webmail", "gmail.ios", "gmail.mobile-webmail"],
  Outlook: ["outlook.android", "outlook.ios", "outlook.macos", "outlook.windows"],
  Yahoo: ["yahoo.android", "yahoo.desktop-webmail", "yahoo.ios"],
};

const { caniemail } = await import(process.argv[2]);
const html = readFileSync(0, "utf8");
const dropped = {};
for (const [program, clients] of Object.entries(PROGRAMS)) {
  // One at a time: for some together it raises RangeError.
  for (const client of clients) {
    for (const issues of caniemail({ clients: [client], html }).issues.errors.values()) {
      for (const { title } of issues) (dropped[title] ??= new Set()).add(program);
    }
  }
}
console.log(JSON.stringify(Object.fromEntries(Object.entries(dropped).map(([title, some]) => [title, [...some]]))));
