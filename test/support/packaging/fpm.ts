import { execFileSync } from "node:child_process";
import {
  chmodSync,
  cpSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import os from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";

/**
 * Takes the place of fpm, which electron-builder downloads, for the arguments that electron-builder gives it: makes a deb with dpkg-deb and
 * an rpm with rpmbuild. Where fpm does more (rpm dependencies by name of library, checks of its own) this does less.
 */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    s: { type: "string", short: "s" },
    t: { type: "string", short: "t" },
    d: { type: "string", short: "d", multiple: true, default: [] },
    force: { type: "boolean" },
    architecture: { type: "string", default: "" },
    "after-install": { type: "string" },
    "after-remove": { type: "string" },
    description: { type: "string", default: "" },
    version: { type: "string", default: "" },
    package: { type: "string", default: "" },
    name: { type: "string", default: "" },
    maintainer: { type: "string", default: "" },
    vendor: { type: "string", default: "" },
    url: { type: "string", default: "" },
    category: { type: "string", default: "" },
    license: { type: "string", default: "unknown" },
    directories: { type: "string", multiple: true, default: [] },
    "deb-priority": { type: "string", default: "optional" },
    "deb-compression": { type: "string" },
    "deb-recommends": { type: "string", multiple: true, default: [] },
    "rpm-os": { type: "string" },
    "rpm-compression": { type: "string" },
    "rpm-summary": { type: "string" },
    "rpm-rpmbuild-define": { type: "string", multiple: true, default: [] },
  },
});

/** Copies `source=destination` as rsync would: with a slash at its end it is what is in the folder. Links stay links. */
function lay(root: string, input: string): void {
  const equals = input.indexOf("=");
  const source = input.slice(0, equals);
  const target = path.join(root, input.slice(equals + 1));
  mkdirSync(path.dirname(target), { recursive: true });
  cpSync(source, target, { recursive: true, verbatimSymlinks: true });
  if (lstatSync(target).isFile() && !source.endsWith("/")) chmodSync(target, 0o644);
}

/** All files and links below a folder, from "/". */
function filesOf(root: string, folder = ""): string[] {
  return readdirSync(path.join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const name = `${folder}/${entry.name}`;
    return entry.isDirectory() ? filesOf(root, name) : [name];
  });
}

function foldersOf(root: string, folder: string): string[] {
  const inside = readdirSync(path.join(root, folder), { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return [folder, ...inside.flatMap(({ name }) => foldersOf(root, `${folder}/${name}`))];
}

function makeDeb(root: string): void {
  const control = path.join(root, "DEBIAN");
  mkdirSync(control);
  const size = execFileSync("du", ["-sk", "--apparent-size", root], { encoding: "utf8" }).split("\t")[0] ?? "0";
  const [summary = "", ...rest] = values.description.trim().split("\n");
  const fields = [
    `Package: ${values.name}`,
    `Version: ${values.version}`,
    `Vendor: ${values.vendor}`,
    `Architecture: ${values.architecture}`,
    `Maintainer: ${values.maintainer}`,
    `Installed-Size: ${size}`,
    ...(values.d.length > 0 ? [`Depends: ${values.d.join(", ")}`] : []),
    ...(values["deb-recommends"].length > 0 ? [`Recommends: ${values["deb-recommends"].join(", ")}`] : []),
    `Section: ${values.category}`,
    `Priority: ${values["deb-priority"]}`,
    `Homepage: ${values.url}`,
    `Description: ${[summary, ...rest.map((line) => ` ${line.trim()}`)].join("\n")}`,
  ];
  writeFileSync(path.join(control, "control"), `${fields.join("\n")}\n`);
  for (const [option, name] of [
    ["after-install", "postinst"],
    ["after-remove", "postrm"],
  ] as const) {
    const file = values[option];
    if (file !== undefined) writeFileSync(path.join(control, name), readFileSync(file), { mode: 0o755 });
  }
  execFileSync("dpkg-deb", ["--root-owner-group", "-Zgzip", "-z1", "--build", root, values.package], {
    stdio: "inherit",
  });
}

/** rpm has its own names, as fpm knows. */
const rpmArchitectures: Readonly<Record<string, string>> = { amd64: "x86_64", arm64: "aarch64" };

function makeRpm(root: string): void {
  const top = mkdtempSync(path.join(os.tmpdir(), "culvert-rpm-"));
  try {
    const script = (section: string, file: string | undefined): string =>
      file === undefined ? "" : `%${section}\n${readFileSync(file, "utf8")}\n`;
    const spec = path.join(top, "culvert.spec");
    writeFileSync(
      spec,
      [
        `Name: ${values.name}`,
        `Version: ${values.version}`,
        "Release: 1",
        `Summary: ${values["rpm-summary"] ?? values.description}`,
        "AutoReqProv: no",
        `Group: ${values.category}`,
        `License: ${values.license}`,
        `Vendor: ${values.vendor}`,
        `URL: ${values.url}`,
        `Packager: ${values.maintainer}`,
        ...values.d.map((name) => `Requires: ${name}`),
        `%description\n${values.description}`,
        script("post", values["after-install"]),
        script("postun", values["after-remove"]),
        "%files\n%defattr(-,root,root,-)",
        ...values.directories.flatMap((folder) => foldersOf(root, folder)).map((folder) => `%dir "${folder}"`),
        ...filesOf(root).map((file) => `"${file}"`),
        "",
      ].join("\n"),
    );
    const defines = [`_topdir ${top}`, "_binary_payload w1.gzdio", "__spec_install_pre true", "__os_install_post true"];
    execFileSync(
      "rpmbuild",
      [
        ...[
          "-bb",
          "--quiet",
          "--target",
          `${rpmArchitectures[values.architecture] ?? values.architecture}-unknown-linux`,
          "--buildroot",
          root,
        ],
        ...[...defines, ...values["rpm-rpmbuild-define"]].flatMap((define) => ["--define", define]),
        spec,
      ],
      { stdio: "inherit" },
    );
    const made = filesOf(path.join(top, "RPMS"))[0] ?? "";
    cpSync(path.join(top, "RPMS", made), values.package);
  } finally {
    rmSync(top, { recursive: true, force: true });
  }
}

const root = mkdtempSync(path.join(os.tmpdir(), "culvert-fpm-"));
try {
  chmodSync(root, 0o755);
  for (const input of positionals) lay(root, input);
  if (values.t === "deb") makeDeb(root);
  else if (values.t === "rpm") makeRpm(root);
  else throw new Error(`There is no way to make ${values.t} here.`);
} finally {
  rmSync(root, { recursive: true, force: true });
}
