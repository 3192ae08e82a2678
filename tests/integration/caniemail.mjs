// Prints what each mail program drops of the page on standard input, as JSON: {feature: [program, ...]}.
// Its argument is where the package caniemail is.
import { readFileSync } from "node:fs";

const PROGRAMS = [
  "apple-mail.ios", "apple-mail.macos", "gmail.android", "gmail.desktop-webmail", "gmail.ios", "gmail.mobile-webmail",
  "outlook.android", "outlook.ios", "outlook.macos", "outlook.windows", "yahoo.android", "yahoo.desktop-webmail", "yahoo.ios",
];

const { caniemail } = await import(process.argv[2]);
const html = readFileSync(0, "utf8");
const dropped = {};
// One program at a time: for some together it raises RangeError.
for (const program of PROGRAMS) {
  for (const issues of caniemail({ clients: [program], html }).issues.errors.values()) {
    for (const { title } of issues) (dropped[title] ??= new Set()).add(program);
  }
}
console.log(JSON.stringify(Object.fromEntries(Object.entries(dropped).map(([title, some]) => [title, [...some]]))));
