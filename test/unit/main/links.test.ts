import { expect, test } from "vitest";
import { LinkInbox, linkAmong, placeOfLink } from "../../../src/main/links.ts";

test.each([
  ["tcp+https://redis.corp.example.com:6379", "tcp+https://redis.corp.example.com:6379"],
  ["UDP+HTTPS://dns.corp.example.com:53/", "UDP+HTTPS://dns.corp.example.com:53/"],
  [
    "tcp+https://proxy.example.com:8443/pg.corp.example.com:5432",
    "tcp+https://proxy.example.com:8443/pg.corp.example.com:5432",
  ],
  ["culvert:tcp+https://pg.corp.example.com:5432", "tcp+https://pg.corp.example.com:5432"],
])("%s leads to a new connection, filled in", (text, link) => {
  expect(placeOfLink(text)).toEqual({ page: "new", link });
});

test.each([
  "culvert:",
  "culvert://",
  "culvert:culvert:tcp+https://pg.corp.example.com:5432",
  "tcp+https://",
  "tcp+https://pg.corp.example.com",
  "tcp+https://user:secret@pg.corp.example.com:5432",
  "tcp+https://pg.corp.example.com:5432/?auto=true",
  "tcp+http://pg.corp.example.com:5432",
  "https://pg.corp.example.com:5432",
  "javascript:alert(1)",
  "pg.corp.example.com:5432",
  "",
  `tcp+https://${"a".repeat(2_000)}.example.com:5432`,
])("%s leads nowhere", (text) => {
  expect(placeOfLink(text)).toBeNull();
});

test("the link is found among the arguments, behind those that Chromium adds and never as the program", () => {
  const link = "tcp+https://pg.corp.example.com:5432";
  expect(linkAmong(["Culvert.exe", "--allow-file-access-from-files", "--", link])).toBe(link);
  expect(linkAmong(["culvert", "culvert:"])).toBe("culvert:");
  expect(linkAmong(["culvert", "--hidden"])).toBeNull();
  expect(linkAmong([link, "--hidden"])).toBeNull();
  expect(linkAmong(["culvert", `--open=${link}`])).toBeNull();
});

test("a link that came before the app was ready is opened once it is, the newest alone", () => {
  const inbox = new LinkInbox();
  const opened: string[] = [];
  inbox.take("tcp+https://a.example.com:1");
  inbox.take("tcp+https://b.example.com:2");
  expect(inbox.whenReady((link) => opened.push(link))).toBe(true);
  inbox.take("tcp+https://c.example.com:3");
  expect(opened).toEqual(["tcp+https://b.example.com:2", "tcp+https://c.example.com:3"]);
  expect(new LinkInbox().whenReady(() => undefined)).toBe(false);
});
