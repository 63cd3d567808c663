import { memo, type ReactNode } from "react";
import type { Traffic } from "../../shared/model/activity.ts";
import { bytes, rate } from "../../shared/words/format.ts";
import { Icon } from "../controls/icon.tsx";
import { areaPath, sparkHeight, sparkPath, sparkWidth } from "./sparkline.ts";

interface CardProps {
  readonly icon: "received" | "sent";
  readonly name: string;
  readonly total: number;
  /** Bytes in each of the last seconds, oldest first. */
  readonly values: readonly number[];
}

const Card = ({ icon, name, total, values }: CardProps): ReactNode => (
  <section className="traffic-card" aria-label={name}>
    <div className="traffic-line">
      <Icon name={icon} size={12} />
      {name}
      <span className="sp" />
      <span className="t3 num">{bytes(total)} total</span>
    </div>
    <div className="traffic-line">
      <span className="traffic-now num">{rate(values.at(-1) ?? 0)}</span>
      <span className="sp" />
      <span className="traffic-peak t3 num">peak {rate(Math.max(0, ...values))} in 60 s</span>
    </div>
    <svg
      className="spark"
      viewBox={`0 0 ${sparkWidth} ${sparkHeight}`}
      preserveAspectRatio="none"
      aria-hidden="true"
      focusable="false"
    >
      <path className="spark-area" d={areaPath(values)} />
      <path className="spark-line" d={sparkPath(values)} />
    </svg>
  </section>
);

/** Received and sent: now, at most, in all, and the last minute. */
export const TrafficCards = memo(function TrafficCards({ traffic }: { readonly traffic: Traffic }): ReactNode {
  return (
    <div className="traffic">
      <Card
        icon="received"
        name="Received"
        total={traffic.received}
        values={traffic.samples.map(({ received }) => received)}
      />
      <Card icon="sent" name="Sent" total={traffic.sent} values={traffic.samples.map(({ sent }) => sent)} />
    </div>
  );
});
