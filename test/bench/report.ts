import { figure, median } from "./statistics.ts";

/** Figures of one kind, by variant; the variants were measured in turn. */
export interface Measurement {
  /** What it is, with its unit. */
  readonly title: string;
  readonly samples: ReadonlyMap<string, readonly number[]>;
  /** Pairs of variants whose medians are set against each other. */
  readonly ratios?: readonly (readonly [string, string])[];
}

/** A measurement as lines of text. */
export function table({ title, samples, ratios = [] }: Measurement): string {
  const width = Math.max(26, title.length, ...[...samples.keys()].map((name) => name.length));
  const row = (name: string, cells: readonly string[]): string =>
    `  ${name.padEnd(width)}${cells.map((cell) => cell.padStart(10)).join("")}`;
  const rows = [...samples].map(([name, values]) =>
    row(name, [Math.min(...values), median(values), Math.max(...values)].map(figure)),
  );
  const against = ratios.map(([a, b]) => {
    const ratio = median(samples.get(a) ?? []) / median(samples.get(b) ?? []);
    return `${a} : ${b} = ${figure(ratio)}`;
  });
  return [
    row(title, ["min", "median", "max"]),
    ...rows,
    ...(against.length > 0 ? [`  ${against.join("   ")}`] : []),
  ].join("\n");
}

/** What one turn of a variant brought: figures by name. */
export type Turn = Readonly<Record<string, number>>;

/**
 * Measures the variants in turn, `rounds` times, every other round in reverse order, so that a machine that grows
 * slower or busier does so for all of them. Returns the samples of each figure by variant.
 */
export async function inTurn(
  rounds: number,
  variants: ReadonlyMap<string, () => Promise<Turn>>,
): Promise<(name: string) => Map<string, number[]>> {
  const turns = new Map<string, Turn[]>([...variants.keys()].map((variant) => [variant, []]));
  for (let round = 0; round < rounds; round += 1) {
    const order = round % 2 === 0 ? [...variants] : [...variants].reverse();
    for (const [variant, measure] of order) turns.get(variant)?.push(await measure());
  }
  return (name) =>
    new Map(
      [...turns].flatMap(([variant, list]) => {
        const values = list.flatMap((turn) => turn[name] ?? []).filter((value) => Number.isFinite(value));
        return values.length > 0 ? [[variant, values]] : [];
      }),
    );
}
