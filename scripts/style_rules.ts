/**
 * The house's style as rules over text. Each rule looks at one file and reports lines; `tests/style.test.ts` runs them
 * all over the tree. Generated files (`*.gen.ts`) are exempt from the rules of length.
 */
import { fileURLToPath } from "node:url";

/** A file of text. */
export interface SourceFile {
  /** Relative to the root of the repository, with forward slashes. */
  readonly path: string;
  readonly text: string;
  readonly lines: readonly string[];
}

export interface Finding {
  readonly path: string;
  /** From 1. */
  readonly line: number;
  readonly what: string;
}

export interface Rule {
  /** A sentence that a test can be named by. */
  readonly name: string;
  readonly applies: (path: string) => boolean;
  readonly check: (file: SourceFile) => Finding[];
}

export const MAXIMUM_FILE_LINES = 400;
export const MAXIMUM_FUNCTION_LINES = 70;

const isCode = (path: string) => /\.(ts|tsx|js|mjs)$/.test(path);
const isGenerated = (path: string) => /\.gen\.(ts|js)$/.test(path);
const isText = (path: string) =>
  /\.(ts|tsx|js|mjs|json|jsonc|md|toml|c|h|py|sh|html|css|tsv|lock)$/.test(path) || path === ".ci/run";

/**
 * Blanks out comments, and the contents of strings if asked, keeping every line and column where it was. A regular
 * expression literal is told from a division by what stands before it.
 */
export function blankOut(text: string, strings: boolean): string {
  const out = text.split("");
  const blank = (from: number, to: number) => {
    for (let i = from; i < to; i++) if (out[i] !== "\n") out[i] = " ";
  };
  const templates: number[] = [];
  let depth = 0;
  let at = 0;
  const endOfQuoted = (from: number, quote: string): number => {
    let i = from;
    while (i < text.length && text[i] !== quote && text[i] !== "\n") i += text[i] === "\\" ? 2 : 1;
    return i;
  };
  const endOfTemplatePart = (from: number): number => {
    let i = from;
    while (i < text.length && text[i] !== "`" && !text.startsWith("${", i)) i += text[i] === "\\" ? 2 : 1;
    return i;
  };
  const template = (from: number) => {
    const end = endOfTemplatePart(from);
    if (strings) blank(from, end);
    at = end + 1;
    if (text[end] === "$") {
      templates.push(depth++);
      at = end + 2;
    }
  };
  while (at < text.length) {
    const c = text[at];
    if (text.startsWith("//", at) || text.startsWith("/*", at)) {
      const stop = text[at + 1] === "/" ? text.indexOf("\n", at) : text.indexOf("*/", at + 2) + 2;
      const end = stop < at + 2 ? text.length : stop;
      blank(at, end);
      at = end;
    } else if (c === '"' || c === "'") {
      const end = endOfQuoted(at + 1, c);
      if (strings) blank(at + 1, end);
      at = end + 1;
    } else if (c === "`") template(at + 1);
    else if (
      c === "/" && /(^|[=(,:[!&|?{};+\-*%~^<>]|\breturn|\btypeof|\bcase)\s*$/.test(text.slice(Math.max(0, at - 24), at))
    ) {
      at = endOfRegularExpression(text, at, strings ? blank : undefined);
    } else {
      if (c === "{") depth++;
      if (c === "}" && --depth === templates.at(-1)) {
        templates.pop();
        template(at + 1);
      } else at++;
    }
  }
  return out.join("");
}

function endOfRegularExpression(text: string, start: number, blank?: (from: number, to: number) => void): number {
  let inClass = false;
  let i = start + 1;
  for (; i < text.length && text[i] !== "\n"; i++) {
    if (text[i] === "\\") i++;
    else if (text[i] === "[") inClass = true;
    else if (text[i] === "]") inClass = false;
    else if (text[i] === "/" && !inClass) break;
  }
  blank?.(start + 1, i);
  return i + 1;
}

/** One finding for every line of the text (comments blanked, strings too unless kept) that matches. */
function lineRule(
  name: string,
  applies: (path: string) => boolean,
  pattern: RegExp,
  what: string,
  keep: "strings" | "everything" | "code" = "code",
): Rule {
  return {
    name,
    applies,
    check: (file) => {
      const text = keep === "everything" ? file.text : blankOut(file.text, keep === "code");
      const findings: Finding[] = [];
      text.split("\n").forEach((line, index) => {
        const found = pattern.exec(line);
        if (found) findings.push({ path: file.path, line: index + 1, what: what.replace("$0", found[0].trim()) });
      });
      return findings;
    },
  };
}

/** Where each function's body starts and ends: by its braces, which is all that a limit of length needs. */
export function functionLengths(text: string): { name: string; line: number; length: number }[] {
  const code = blankOut(text, true);
  const found: { name: string; line: number; length: number }[] = [];
  const header =
    /(?:\bfunction\b\s*\*?\s*([\w$]*)|^[ \t]*(?:(?:public|private|protected|static|override|async|get|set|readonly)\s+)*(?!(?:if|for|while|switch|catch|return|with|function)\b)([\w$#]+)(?=\s*(?:<[^>()]*>)?\([^;{}]*\)\s*(?::[^;{}=]+)?\{)|\b(?:const|let)\s+([\w$]+)\s*(?::[^=;]+)?=\s*(?:async\s*)?(?:\([^;{}]*\)|[\w$]+)\s*(?::[^=;{}]+)?=>\s*(?=\{))/gm;
  for (const match of code.matchAll(header)) {
    const open = bodyStart(code, match.index + match[0].length);
    if (open < 0) continue;
    const close = matching(code, open);
    const firstLine = code.slice(0, match.index + match[0].search(/\S/)).split("\n").length;
    const length = code.slice(match.index + match[0].search(/\S/), close + 1).split("\n").length;
    found.push({ name: match[1] || match[2] || match[3] || "(anonymous)", line: firstLine, length });
  }
  return found;
}

/** The brace that opens the body, past parameters and result type; -1 for a declaration without one. */
function bodyStart(code: string, from: number): number {
  let round = 0;
  let sawParameters = code.slice(from - 3, from).includes("=>");
  for (let i = from; i < code.length; i++) {
    const c = code[i];
    if (c === "(") round++;
    else if (c === ")") {
      round--;
      sawParameters = true;
    } else if (round > 0) continue;
    else if (c === ";") return -1;
    else if (c === "{" && sawParameters) {
      // A brace after a colon, or in the middle of a type, opens an object type and not the body.
      if (!/[:|&<,]\s*$/.test(code.slice(Math.max(0, i - 12), i))) return i;
      i = matching(code, i);
    }
  }
  return -1;
}

function matching(code: string, open: number): number {
  let depth = 0;
  for (let i = open; i < code.length; i++) {
    if (code[i] === "{") depth++;
    else if (code[i] === "}" && --depth === 0) return i;
  }
  return code.length - 1;
}

const LENGTH_RULES: Rule[] = [
  {
    name: `no file is longer than ${MAXIMUM_FILE_LINES} lines`,
    applies: (path) => isCode(path) && !isGenerated(path),
    check: (file) => {
      const length = file.lines.length - (file.text.endsWith("\n") ? 1 : 0);
      return length <= MAXIMUM_FILE_LINES
        ? []
        : [{ path: file.path, line: MAXIMUM_FILE_LINES + 1, what: `${length} lines: which concept is missing?` }];
    },
  },
  {
    name: `no function is longer than ${MAXIMUM_FUNCTION_LINES} lines`,
    applies: (path) => isCode(path) && !isGenerated(path),
    check: (file) =>
      functionLengths(file.text).filter(({ length }) => length > MAXIMUM_FUNCTION_LINES)
        .map(({ name, line, length }) => ({ path: file.path, line, what: `${name} has ${length} lines` })),
  },
];

const NAME_RULES: Rule[] = [{
  name: "file and folder names are snake_case",
  applies: (path) => isCode(path) || path.endsWith(".toml"),
  check: (file) => {
    const bad = file.path.split("/").find((part) => {
      if (part === ".ci") return false;
      const stem = part.replace(/(\.(gen|test|bench))?\.[a-z]+$/, "");
      return !/^[a-z0-9]+(_[a-z0-9]+)*$/.test(stem) && part !== "engine-as";
    });
    return bad === undefined ? [] : [{ path: file.path, line: 1, what: `"${bad}" is not snake_case` }];
  },
}];

const inEngine = (path: string) => path.startsWith("engine-as/") && path.endsWith(".ts");
/** AssemblyScript, wherever it stands. */
const isAssemblyScript = (path: string) => inEngine(path) || /^(tests\/engine_entries|bench\/entries)\//.test(path);
const inHost = (path: string) => (path.startsWith("host/") || path === "mod.ts") && path.endsWith(".ts");
const everywhere = (path: string) => isText(path);

/** deno fmt drops the decorators of functions, which is why AssemblyScript is kept from it; this finds what it did. */
const DECORATOR_RULE: Rule = {
  name: "no function of the engine has lost its decorator to the formatter",
  applies: isAssemblyScript,
  check: (file) =>
    [...file.lines.entries()]
      .filter(([at, line]) => /^\s*\/\/ @ts-ignore: decorator/.test(line) && !/^\s*@\w/.test(file.lines[at + 1] ?? ""))
      .map(([at]) => ({
        path: file.path,
        line: at + 1,
        what: "a decorator stood here; never run deno fmt on AssemblyScript",
      })),
};

const LAW_RULES: Rule[] = [
  DECORATOR_RULE,
  lineRule(
    "the engine declares no imports from its host",
    inEngine,
    /@external|\bdeclare\s+(function|const|let)\b|"env"/,
    "the engine imports nothing, yet: $0",
    "strings",
  ),
  lineRule(
    "nothing in the engine is managed",
    inEngine,
    /\bnew\s+(?!\w*Unmanaged)\w+|\b(Array|Map|Set|StaticArray|ArrayBuffer|Uint8Array|DataView|Date)\s*[<(]|\bconsole\s*\.|\btrace\s*\(/,
    "managed object or host call: $0",
  ),
  lineRule(
    "the engine asks for no clock and no randomness",
    inEngine,
    /\bMath\s*\.\s*random|\bDate\s*\.|\bperformance\s*\./,
    "time and seed are arguments, yet: $0",
  ),
  lineRule(
    "only host/engine.ts, its codec and capture siblings and host/linux/ touch WASM memory",
    (path) =>
      (inHost(path) || path.startsWith("examples/")) &&
      !/^host\/(codec_|capture_)?engine\.ts$|^host\/linux\//.test(path),
    /\bnew\s+WebAssembly\s*\.\s*Memory|\bmemory\s*\.\s*(buffer|grow)\b|exports\s*\.\s*memory\b/,
    "WASM memory outside the engine's host side: $0",
  ),
  lineRule(
    "only the command line writes to the console",
    (path) => inHost(path) && !path.startsWith("host/cli/"),
    /\bconsole\s*\.\s*(log|error|warn|info|debug)\b/,
    "$0 in the host",
  ),
];

// Put together from parts, so that this file does not find itself.
const MACHINE_FOLDERS = ["root", "home", "Users", "tmp", "var/tmp", "mnt", "media", "srv", "opt"];
/** Absolute paths into people's folders and temporary ones, and into the folder that this checkout stands in. */
const MACHINE_PATHS = new RegExp(
  "(?:^|[^\\w./:-]|file://)/(?:" + [...MACHINE_FOLDERS, ...placeOfCheckout()].join("|") + ")/[\\w.]",
);

function placeOfCheckout(): string[] {
  const [, ...folders] = fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "").split("/");
  const place = folders.join("/").replace(/[^\w/]/g, "\\$&");
  return place === "" ? [] : [place];
}

const JSR = new RegExp("\\bjsr" + ":(?!`)[@\\w]");
const REGISTRY = new RegExp("registry\\.npm" + "js|npm\\.jsr" + "\\.io|https?://deno\\.land/(x|std)");

const TEXT_RULES: Rule[] = [
  lineRule("no file names a path of someone's machine", everywhere, MACHINE_PATHS, "machine path: $0", "everything"),
  lineRule(
    "no code imports from JSR, which not every machine can reach",
    (path) => isCode(path) || path.endsWith(".json") || path.endsWith(".lock"),
    JSR,
    "import from JSR: $0",
    "everything",
  ),
  lineRule("no file names a registry's host", everywhere, REGISTRY, "registry host: $0", "everything"),
  lineRule("no conflict marker was left", everywhere, /^(<{7}|>{7}|={7})( |$)/, "conflict marker", "everything"),
  lineRule(
    "no test is skipped or alone by hand",
    (path) => path.endsWith(".test.ts"),
    /Deno\s*\.\s*test\s*\.\s*(only|ignore)\b|\bonly\s*:\s*true|\bignore\s*:\s*true/,
    "$0: use needs() of tests/require.ts, which says why",
  ),
];

export const RULES: readonly Rule[] = [...LENGTH_RULES, ...NAME_RULES, ...LAW_RULES, ...TEXT_RULES];

/** Every finding of one rule over the files that it applies to. */
export function applyRule(rule: Rule, files: readonly SourceFile[]): Finding[] {
  return files.filter((file) => rule.applies(file.path)).flatMap((file) => rule.check(file));
}

/** The paths of every file of the project: what git tracks, and what is new and not ignored. */
export async function projectPaths(root: string, ...selection: string[]): Promise<string[]> {
  const wanted = selection.length > 0 ? selection : ["--cached", "--others", "--exclude-standard"];
  const { success, stdout } = await new Deno.Command("git", {
    args: ["ls-files", "-z", ...wanted],
    cwd: root,
    stdin: "null",
  }).output();
  const paths = success ? new TextDecoder().decode(stdout).split("\0").filter(Boolean) : walk(root, "");
  return [...new Set(paths)].sort();
}

/** Every file of the project that holds text. */
export async function projectFiles(root: string): Promise<SourceFile[]> {
  const files: SourceFile[] = [];
  for (const path of await projectPaths(root)) {
    if (!isText(path)) continue;
    try {
      const text = await Deno.readTextFile(`${root}/${path}`);
      files.push({ path, text, lines: text.split("\n") });
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error; // tracked, but deleted in the working tree
    }
  }
  return files;
}

/** The same where there is no git: a source archive. */
function* walk(root: string, folder: string): Generator<string> {
  const skipped = new Set([".git", "node_modules", "dist", "build", "coverage", "bench/results"]);
  for (const entry of Deno.readDirSync(`${root}/${folder}`)) {
    const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
    if (entry.isDirectory && !skipped.has(entry.name) && !skipped.has(path)) yield* walk(root, path);
    else if (entry.isFile) yield path;
  }
}
