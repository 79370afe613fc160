// npm install && node look.mjs OUT FILE...
//
// What h5web draws of files when they are opened: a picture of each in the directory OUT, and a line with the words in
// it. Fails when it draws no plot of one. Wants Chromium, at /usr/bin/chromium or where $CHROMIUM says.
import { createServer } from "node:http";
import { mkdir, readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { build } from "esbuild";
import { chromium } from "playwright-core";

const [out, ...files] = process.argv.slice(2);
const entry = join(import.meta.dirname, "page.jsx");
const made = await build({ entryPoints: [entry], bundle: true, format: "esm", jsx: "automatic", outdir: "/", write: false });
const pages = Object.fromEntries(made.outputFiles.map((each) => [each.path, each.contents]));
pages["/"] = `<!doctype html><meta charset="utf-8"><link rel="stylesheet" href="page.css">
<style>html, body, #root { height: 100%; margin: 0 }</style>
<div id="root"></div><script type="module" src="page.js"></script>`;
const kinds = { "/": "text/html", "/page.js": "text/javascript", "/page.css": "text/css" };

const server = createServer(async (request, response) => {
  const { pathname } = new URL(request.url, "http://localhost");
  const number = pathname.match(/^\/(\d+)\//)?.[1];
  const body = number ? await readFile(files[number]) : pages[pathname];
  response.writeHead(body ? 200 : 404, { "Content-Type": kinds[pathname] ?? "application/octet-stream" }).end(body);
});
await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
const quiet = ["--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"];
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: [...quiet, "--no-sandbox", "--enable-unsafe-swiftshader"], // it draws with WebGL, perhaps without a graphics card
});
const page = await browser.newPage({ viewport: { width: 1100, height: 650 } });
await mkdir(out, { recursive: true });
for (const [number, file] of files.entries()) {
  await page.goto(`http://127.0.0.1:${server.address().port}/?file=/${number}/${basename(file)}`);
  const plot = page.locator("canvas").first();
  const drawn = await plot.waitFor({ timeout: 20000 }).then(() => true, () => false);
  await page.waitForTimeout(1000); // until it has drawn
  await page.screenshot({ path: join(out, `${basename(file)}.png`) });
  const words = (await page.locator("body").innerText()).replace(/\s+/g, " ");
  console.log(`${basename(file)}: ${drawn ? words : "NO PLOT: " + words}`);
  if (!drawn) process.exitCode = 1;
}
await browser.close();
server.close();
