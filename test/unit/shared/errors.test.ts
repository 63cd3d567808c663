import { describe, expect, it } from "vitest";
import { AppError, asAppError, errorCodes } from "../../../src/shared/errors.ts";

describe("AppError", () => {
  it("becomes plain data: no cause, no stack, nothing undefined", () => {
    const error = new AppError("access-denied", "No.", { status: 403, requestId: "r-1", cause: new Error("secret") });
    expect(error.toData()).toStrictEqual({
      code: "access-denied",
      message: "No.",
      retryable: false,
      requestId: "r-1",
      status: 403,
    });
    expect(structuredClone(error.toData())).toEqual(error.toData());
    expect(JSON.stringify(error.toData())).not.toContain("secret");
  });

  it("keeps what it was given", () => {
    const cause = new Error("why");
    const error = new AppError("no-answer", "Nothing.", { retryable: true, userAction: "Wait.", cause });
    expect(error).toMatchObject({ name: "AppError", retryable: true, userAction: "Wait.", cause });
    expect(error.toData()).toStrictEqual({
      code: "no-answer",
      message: "Nothing.",
      retryable: true,
      userAction: "Wait.",
    });
    expect(new AppError("closed", "x")).not.toHaveProperty("cause");
  });

  it("has every code once", () => {
    expect(new Set(errorCodes).size).toBe(errorCodes.length);
    for (const code of errorCodes) expect(code).toMatch(/^[a-z]+(-[a-z]+)*$/);
  });
});

describe("asAppError", () => {
  it("leaves an AppError as it is", () => {
    const error = new AppError("refused", "No.");
    expect(asAppError(error)).toBe(error);
  });

  it.each([
    [new TypeError("x is undefined"), "x is undefined"],
    ["a string", "a string"],
    [undefined, "undefined"],
    [null, "null"],
    [{ code: "X" }, "[object Object]"],
  ])("wraps %o", (thrown, text) => {
    const error = asAppError(thrown);
    expect(error).toMatchObject({ code: "internal", retryable: false });
    expect(error.message).toContain(text);
  });
});
