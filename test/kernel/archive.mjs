import { execFileSync } from "node:child_process";
import { lstatSync, readdirSync, readFileSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";

/** A file system for a kernel to start with: an archive in cpio's "newc" format. */
export class Archive {
  #parts = [];
  #inode = 0;
  #names = new Set();

  /** Adds a file; its folders come with it. */
  add(name, content, mode = 0o100755) {
    if (this.#names.has(name)) return;
    this.#names.add(name);
    if (dirname(name) !== ".") this.add(dirname(name), Buffer.alloc(0), 0o040755);
    const path = Buffer.from(`${name}\0`);
    const fields = [++this.#inode, mode, 0, 0, 1, 0, content.length, 0, 0, 0, 0, path.length, 0];
    const head = `070701${fields.map((field) => field.toString(16).padStart(8, "0")).join("")}`;
    this.#parts.push(Buffer.from(head), path, padding(head.length + path.length));
    this.#parts.push(content, padding(content.length));
  }

  /** Adds a program of this machine under its own name, with the libraries that it loads. */
  addProgram(path) {
    this.add(path.slice(1), readFileSync(realpathSync(path)));
    const said = execFileSync("ldd", [path], { encoding: "utf8" });
    for (const [library] of said.matchAll(/\/\S+\.so\S*/g))
      this.add(library.slice(1), readFileSync(realpathSync(library)));
  }

  /** Adds all files below a folder. */
  addFolder(name, folder) {
    for (const entry of readdirSync(folder)) {
      const path = join(folder, entry);
      if (lstatSync(path).isDirectory()) this.addFolder(join(name, entry), path);
      else this.add(join(name, entry), readFileSync(path));
    }
  }

  bytes() {
    this.add("TRAILER!!!", Buffer.alloc(0), 0);
    return Buffer.concat(this.#parts);
  }
}

function padding(length) {
  return Buffer.alloc((4 - (length % 4)) % 4);
}
