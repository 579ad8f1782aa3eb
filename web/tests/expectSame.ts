import { expect } from 'vitest';

/** Compare with what Python says: texts are equal, numbers nearly; what Python has not is left out. */
export function expectSame(found: unknown, expected: unknown, tolerance: number, path = ''): void {
  if (typeof expected === 'number') {
    expect(Math.abs((found as number) - expected), `${path}: ${found} is ${expected}`).toBeLessThanOrEqual(
      tolerance * Math.max(1, Math.abs(expected)),
    );
  } else if (expected !== null && typeof expected === 'object') {
    for (const [key, value] of Object.entries(expected)) {
      expectSame((found as Record<string, unknown>)[key], value, tolerance, `${path}.${key}`);
    }
  } else {
    expect(found, path).toEqual(expected);
  }
}
