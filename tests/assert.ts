/**
 * Assertions with the names and argument order of Deno's standard library. That library is published on JSR only; these
 * stand on what Deno and Node carry themselves, so that the tests run with nothing but npm. Where JSR is at hand, a
 * test changes one line: `from "./assert.ts"` becomes `from "@std/assert"`.
 */
import assertStrict, { AssertionError } from "node:assert/strict";
import { isDeepStrictEqual } from "node:util";

export { AssertionError };

// deno-lint-ignore no-explicit-any
type Constructor<E extends Error = Error> = new (...args: any[]) => E;

function show(value: unknown): string {
  return Deno.inspect(value, { depth: 6, iterableLimit: 40, strAbbreviateSize: 400 });
}

function failure(message: string, note?: string): AssertionError {
  return new AssertionError({ message: note === undefined ? message : `${message}: ${note}` });
}

/** Throws unless `condition` is truthy. */
export function assert(condition: unknown, message = "condition does not hold"): asserts condition {
  if (!condition) throw new AssertionError({ message });
}

/** Throws unless `condition` is false. */
export function assertFalse(condition: unknown, message = "condition holds but should not"): void {
  if (condition) throw new AssertionError({ message });
}

/** Always throws: marks a line that must not be reached. */
export function fail(message = "this line must not be reached"): never {
  throw new AssertionError({ message });
}

/** Deep, strict equality: prototypes, types and undefined members count. */
export function assertEquals<T>(actual: T, expected: T, message?: string): void {
  try {
    assertStrict.deepStrictEqual(actual, expected);
  } catch (error) {
    throw message === undefined ? error : failure((error as Error).message, message);
  }
}

/** The opposite of {@linkcode assertEquals}. */
export function assertNotEquals<T>(actual: T, expected: T, message?: string): void {
  if (isDeepStrictEqual(actual, expected)) throw failure(`both are ${show(actual)}`, message);
}

/** The same value or the same object (`Object.is`). */
export function assertStrictEquals<T>(actual: unknown, expected: T, message?: string): asserts actual is T {
  if (!Object.is(actual, expected)) throw failure(`${show(actual)} is not ${show(expected)}`, message);
}

/** The opposite of {@linkcode assertStrictEquals}. */
export function assertNotStrictEquals(actual: unknown, expected: unknown, message?: string): void {
  if (Object.is(actual, expected)) throw failure(`both are ${show(actual)}`, message);
}

/** Neither null nor undefined. */
export function assertExists<T>(actual: T, message?: string): asserts actual is NonNullable<T> {
  if (actual === null || actual === undefined) throw failure(`value is ${actual}`, message);
}

/** `actual > expected`. */
export function assertGreater<T>(actual: T, expected: T, message?: string): void {
  if (!(actual > expected)) throw failure(`${show(actual)} is not greater than ${show(expected)}`, message);
}

/** `actual >= expected`. */
export function assertGreaterOrEqual<T>(actual: T, expected: T, message?: string): void {
  if (!(actual >= expected)) throw failure(`${show(actual)} is less than ${show(expected)}`, message);
}

/** `actual < expected`. */
export function assertLess<T>(actual: T, expected: T, message?: string): void {
  if (!(actual < expected)) throw failure(`${show(actual)} is not less than ${show(expected)}`, message);
}

/** `actual <= expected`. */
export function assertLessOrEqual<T>(actual: T, expected: T, message?: string): void {
  if (!(actual <= expected)) throw failure(`${show(actual)} is greater than ${show(expected)}`, message);
}

/** Equal within `tolerance`, by default a ten-millionth of `expected`. */
export function assertAlmostEquals(actual: number, expected: number, tolerance?: number, message?: string): void {
  const allowed = tolerance ?? (Number.isFinite(expected) ? Math.abs(expected * 1e-7) : 0);
  if (Object.is(actual, expected) || Math.abs(actual - expected) <= allowed) return;
  throw failure(`${actual} is not within ${allowed} of ${expected}`, message);
}

/** The text contains `expected`. */
export function assertStringIncludes(actual: string, expected: string, message?: string): void {
  if (!actual.includes(expected)) throw failure(`${show(actual)} does not contain ${show(expected)}`, message);
}

/** Every member of `expected` is a member of `actual`. */
export function assertArrayIncludes<T>(actual: ArrayLike<T>, expected: ArrayLike<T>, message?: string): void {
  const all = Array.from(actual);
  const missing = Array.from(expected).filter((wanted) => !all.some((member) => isDeepStrictEqual(member, wanted)));
  if (missing.length > 0) throw failure(`${show(actual)} lacks ${show(missing)}`, message);
}

/** The text matches the expression. */
export function assertMatch(actual: string, expected: RegExp, message?: string): void {
  if (!expected.test(actual)) throw failure(`${show(actual)} does not match ${expected}`, message);
}

/** The text does not match the expression. */
export function assertNotMatch(actual: string, expected: RegExp, message?: string): void {
  if (expected.test(actual)) throw failure(`${show(actual)} matches ${expected}`, message);
}

function contains(actual: unknown, expected: unknown): boolean {
  if (expected === null || typeof expected !== "object" || ArrayBuffer.isView(expected)) {
    return isDeepStrictEqual(actual, expected);
  }
  if (actual === null || typeof actual !== "object") return false;
  if (Array.isArray(expected) && (!Array.isArray(actual) || actual.length !== expected.length)) return false;
  return Object.entries(expected).every(([key, value]) =>
    key in actual && contains((actual as Record<string, unknown>)[key], value)
  );
}

/** Every member of `expected`, at every depth, stands in `actual`; `actual` may have more. */
export function assertObjectMatch(
  actual: Record<PropertyKey, unknown>,
  expected: Record<PropertyKey, unknown>,
  message?: string,
): void {
  if (!contains(actual, expected)) throw failure(`${show(actual)} does not contain ${show(expected)}`, message);
}

/** The value is an instance of the class. */
export function assertInstanceOf<T>(
  actual: unknown,
  // deno-lint-ignore no-explicit-any
  expected: abstract new (...args: any[]) => T,
  message?: string,
): asserts actual is T {
  if (!(actual instanceof expected)) throw failure(`${show(actual)} is not a ${expected.name}`, message);
}

/** The value is an error of the class, whose message contains the text or matches the expression. */
export function assertIsError<E extends Error = Error>(
  error: unknown,
  errorClass?: Constructor<E>,
  messageMatches?: string | RegExp,
  message?: string,
): asserts error is E {
  if (!(error instanceof Error)) throw failure(`${show(error)} is not an Error`, message);
  if (errorClass && !(error instanceof errorClass)) {
    throw failure(`expected a ${errorClass.name}, got ${error.name}: ${error.message}`, message);
  }
  if (messageMatches === undefined) return;
  const matches = typeof messageMatches === "string"
    ? error.message.includes(messageMatches)
    : messageMatches.test(error.message);
  if (!matches) throw failure(`message ${show(error.message)} does not contain ${show(messageMatches)}`, message);
}

/** Calls the function, which must throw (an error of the class, with that text in its message). Returns the error. */
export function assertThrows<E extends Error = Error>(
  call: () => unknown,
  errorClass?: Constructor<E>,
  messageIncludes?: string,
  message?: string,
): E {
  let thrown: unknown;
  try {
    call();
  } catch (error) {
    thrown = error;
    assertIsError(thrown, errorClass, messageIncludes, message);
    return thrown;
  }
  throw failure("expected the function to throw", message);
}

/** As {@linkcode assertThrows}, of a function whose promise must be rejected. */
export async function assertRejects<E extends Error = Error>(
  call: () => PromiseLike<unknown>,
  errorClass?: Constructor<E>,
  messageIncludes?: string,
  message?: string,
): Promise<E> {
  try {
    await call();
  } catch (error) {
    assertIsError(error, errorClass, messageIncludes, message);
    return error;
  }
  throw failure("expected the promise to be rejected", message);
}
