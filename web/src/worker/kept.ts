/** What was used last is kept, up to some weight. */

export class Kept<T> {
  private readonly values = new Map<string, { value: T; weight: number }>();

  constructor(private readonly most: number) {}

  find(key: string): T | undefined {
    const found = this.values.get(key);
    if (!found) return undefined;
    this.values.delete(key);
    this.values.set(key, found);
    return found.value;
  }

  keep(key: string, value: T, weight: number): void {
    this.values.delete(key);
    this.values.set(key, { value, weight });
    let sum = 0;
    for (const each of this.values.values()) sum += each.weight;
    for (const [old, each] of this.values) {
      if (sum <= this.most || old === key) break;
      this.values.delete(old);
      sum -= each.weight;
    }
  }
}
