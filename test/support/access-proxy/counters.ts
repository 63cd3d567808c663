/** What the Node front has seen so far. */
export interface Counters {
  /** TCP connections accepted since the start. */
  accepted(): number;
  /** TCP connections open now. */
  open(): number;
  /** Finished TLS handshakes, and how many of them resumed an earlier session. */
  handshakes(): number;
  resumed(): number;
  /** HTTP/2 sessions open now, and since the start. */
  h2Sessions(): number;
  h2SessionsTotal(): number;
  /** Open streams of every open HTTP/2 session, oldest session first. */
  streamsPerSession(): readonly number[];
  /** HTTP/2 CONNECT streams since the start. */
  streamsTotal(): number;
  /** Tunnel bytes from clients to upstreams, and back. */
  bytesUp(): number;
  bytesDown(): number;
}
