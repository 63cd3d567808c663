import { trafficSamplesKept } from "../../shared/model/activity.ts";

export const sparkWidth = 260;
export const sparkHeight = 40;
/** Room above and below, so that the line is not cut. */
const margin = 2;

/**
 * The path of a sparkline, the newest value at the right edge; "" with fewer than two values.
 * It has its own scale: its highest value touches the top.
 */
export function sparkPath(values: readonly number[]): string {
  const shown = values.slice(-trafficSamplesKept);
  if (shown.length < 2) return "";
  const highest = Math.max(...shown, 1);
  const step = sparkWidth / (trafficSamplesKept - 1);
  const left = sparkWidth - (shown.length - 1) * step;
  return shown
    .map((value, index) => {
      const y = sparkHeight - margin - (Math.max(0, value) / highest) * (sparkHeight - 2 * margin);
      return `${index === 0 ? "M" : "L"}${(left + index * step).toFixed(1)} ${y.toFixed(1)}`;
    })
    .join("");
}

/** The area below it. */
export function areaPath(values: readonly number[]): string {
  const line = sparkPath(values);
  if (line === "") return "";
  const left = /^M([\d.]+)/.exec(line)?.[1] ?? "0";
  return `${line}L${sparkWidth} ${sparkHeight}L${left} ${sparkHeight}Z`;
}
