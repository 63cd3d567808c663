import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { nearest } from "../../../src/cli/arguments/nearest.ts";
import { parseArguments } from "../../../src/cli/arguments/parse-arguments.ts";
import { commandNames, loadCommand } from "../../../src/cli/commands/registry.ts";
import { AppError } from "../../../src/shared/errors.ts";

const { spec } = await loadCommand("tcp");
const parse = (...argv: string[]) => parseArguments(argv, spec);
const failureOf = (...argv: string[]): string => {
  try {
    parse(...argv);
  } catch (thrown) {
    if (thrown instanceof AppError) return `${thrown.message} ${thrown.userAction ?? ""}`;
    throw thrown;
  }
  throw new Error("nothing was thrown");
};

describe("the flags of the documented pomerium-cli", () => {
  test.each([
    ["--listen", "127.0.0.1:1"],
    ["--pomerium-url", "https://p.example.com"],
    ["--alternate-ca-path", "ca.pem"],
    ["--ca-cert", "LS0t"],
    ["--client-cert", "c.pem"],
    ["--client-key", "k.pem"],
    ["--client-cert-issuer", "CN=x"],
    ["--client-cert-subject", "O=y"],
    ["--browser-cmd", "firefox"],
    ["--service-account", "a.b.c"],
    ["--service-account-file", "token"],
  ])("%s takes a value behind a blank or =", (flag, value) => {
    const name = flag.slice(2);
    expect(parse("a:1", flag, value).text(name)).toBe(value);
    expect(parse(`${flag}=${value}`, "a:1").text(name)).toBe(value);
    expect(parse(`${flag}=`, "a:1").text(name)).toBe("");
  });

  test.each(["disable-tls-verification", "client-cert-from-store", "no-browser", "json", "no-shared-sign-in"])(
    "--%s is on or off",
    (name) => {
      expect(parse("a:1").on(name)).toBe(false);
      expect(parse("a:1", `--${name}`).on(name)).toBe(true);
      for (const word of ["true", "1", "T", "TRUE"]) expect(parse("a:1", `--${name}=${word}`).on(name)).toBe(true);
      for (const word of ["false", "0", "f", "False"]) expect(parse("a:1", `--${name}=${word}`).on(name)).toBe(false);
      expect(failureOf("a:1", `--${name}=maybe`)).toContain(`--${name}=false`);
    },
  );

  test("stand before, between and behind destinations; the last one wins", () => {
    const given = parse("a:1", "--listen", "1", "b:2", "--listen=2", "c:3");
    expect(given.positionals).toEqual(["a:1", "b:2", "c:3"]);
    expect(given.text("listen")).toBe("2");
  });

  test("a single dash is a value, and -- ends the flags", () => {
    expect(parse("--listen", "-", "a:1").text("listen")).toBe("-");
    expect(parse("a:1", "--", "--listen").positionals).toEqual(["a:1", "--listen"]);
  });
});

describe("mistakes", () => {
  test("name the flag, the nearest flag and the help", () => {
    expect(failureOf("a:1", "--lisen", "1")).toBe(
      '"culvert tcp" has no flag --lisen. Did you mean --listen? Run "culvert help tcp" to see how.',
    );
    expect(failureOf("a:1", "-listen", "1")).toContain("Did you mean --listen?");
    expect(failureOf("a:1", "--client-certificate=x")).toContain("Did you mean --client-cert");
    expect(failureOf("a:1", "--xyzzyplugh")).not.toContain("Did you mean");
  });

  test("a missing value is not taken from the next flag", () => {
    expect(failureOf("a:1", "--client-cert", "--client-key", "k")).toContain("--client-cert needs a value");
    expect(failureOf("a:1", "--listen")).toContain("--listen needs a value: --listen ADDRESS.");
  });

  test("PEM is a value, though it begins with dashes", () => {
    const pem = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----";
    expect(parse("a:1", "--ca-cert", pem, "--listen", "1").text("ca-cert")).toBe(pem);
    expect(failureOf("a:1", "--ca-cert", "-----BEGIN")).toContain("--ca-cert needs a value");
  });

  test("too few and too many arguments", async () => {
    expect(failureOf()).toContain("The destination is missing");
    const login = (await loadCommand("login")).spec;
    expect(() => parseArguments(["a", "b"], login)).toThrow('takes one argument; "b" is one too many');
  });

  test("help goes before them", () => {
    expect(parse("--help").help).toBe(true);
    expect(parse("-h", "--nonsense").help).toBe(true);
  });

  test("a command is suggested too", async () => {
    await expect(loadCommand("logn")).rejects.toThrow('Did you mean "culvert login"?');
    await expect(loadCommand("__proto__")).rejects.toThrow("There is no command");
  });
});

test("whatever is written, only a usage error can come out", async () => {
  const specs = await Promise.all(commandNames.map(async (name) => (await loadCommand(name)).spec));
  const flags = specs.flatMap((one) => one.flags.map(({ name }) => `--${name}`));
  const word = fc.oneof(
    fc.string(),
    fc.string({ unit: "binary" }),
    fc.constantFrom(...flags, "--", "-", "-h", "--help", "--__proto__", "--constructor=1", "=", "--="),
    fc.tuple(fc.constantFrom(...flags), fc.string()).map(([flag, value]) => `${flag}=${value}`),
  );
  fc.assert(
    fc.property(fc.constantFrom(...specs), fc.array(word, { maxLength: 8 }), (one, argv) => {
      try {
        parseArguments(argv, one);
      } catch (thrown) {
        expect(thrown).toBeInstanceOf(AppError);
        expect(thrown).toMatchObject({ code: "setting-invalid" });
        expect((thrown as AppError).message).not.toMatch(/\p{Cc}/u);
      }
    }),
    { numRuns: 2_000 },
  );
});

test("every text flag gives back exactly what was written", () => {
  fc.assert(
    fc.property(fc.string(), (value) => {
      expect(parse("a:1", `--listen=${value}`).text("listen")).toBe(value);
      fc.pre(!value.startsWith("--"));
      expect(parse("a:1", "--listen", value).text("listen")).toBe(value);
    }),
  );
});

test("nearest finds swapped, missing and extra letters, and nothing far away", () => {
  const known = ["tcp", "udp", "login", "logout", "sessions"];
  expect(nearest("tpc", known)).toBe("tcp");
  expect(nearest("session", known)).toBe("sessions");
  expect(nearest("sess", known)).toBe("sessions");
  expect(nearest("LOGIN", known)).toBe("login");
  expect(nearest("banana", known)).toBeNull();
  expect(nearest("x".repeat(100_000), known)).toBeNull();
});
