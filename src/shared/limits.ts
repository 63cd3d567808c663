/** Every wait and every bound of the engine, in one place. Times in milliseconds, sizes in bytes. */
export const limits = {
  /** DNS and TCP connect together, over all addresses of the host. */
  dialMs: 10_000,
  /** TLS handshake, and the SETTINGS frame that opens HTTP/2. */
  tlsMs: 10_000,
  /** The program that uses keys which may not leave their store must have started after this. */
  keyProgramStartMs: 5_000,
  /** It has ended its output and not said why: one that was going to fail has done so by then. */
  keyProgramSilentMs: 1_000,
  /** A person may have to allow the use of such a key: with a PIN, a touch or a dialogue. */
  keyUseMs: 60_000,
  /** The look at a proxy that has refused a connection without a reason, for the sake of the message. */
  secondLookMs: 3_000,
  /** From the CONNECT request to the head of its answer. */
  connectAnswerMs: 30_000,
  /** One call of the proxy's own pages (login, user, well-known), from request to the end of the body. */
  apiCallMs: 30_000,
  /** From the opened browser to the callback. */
  loginMs: 15 * 60_000,
  /** A sign-in URL is good for 5 minutes at the proxy; a fresh one is fetched after this. */
  signInUrlFreshMs: 4 * 60_000,
  /** After a proxy refused the JWT it has just issued, no new sign-in for this long. */
  signInPauseMs: 30_000,
  /** How long a sign-in is held up to learn which Pomerium a host belongs to, for one sign-in at all its hosts. */
  wellKnownWaitMs: 3_000,
  /** A host that did not say which Pomerium it belongs to is asked again after this. */
  wellKnownFailureMs: 10_000,
  /** A store that is searched through a program is looked at again in the background after this. */
  storeLookMs: 10_000,
  /** One call of the session store. */
  storageMs: 10_000,
  /** Callback server: the head of a request must have come after this; also the longest silence. */
  callbackHeadMs: 10_000,
  /** Callback server: from the end of the sign-in until an answer that the browser does not read is cut off. */
  callbackFlushMs: 2_000,
  /** From `close()` until clients are cut off. */
  drainMs: 5_000,
  /** The first wait before a path that failed is tried again; each further wait is twice as long. */
  retryFirstMs: 1_000,
  /** The longest of these waits. */
  retryMostMs: 30_000,
  /**
   * How long a client that has ended its side waits for a destination that is down: its answer may still be awaited, but
   * one that has given up looks the same.
   */
  waitingEndMs: 10_000,
  /** What a connection needs to run (its files and secrets) must have been read after this. */
  settingsMs: 10_000,
  /** A program of the system that reads the managed settings must have answered after this. */
  policyMs: 5_000,
  /** The app looks for changed managed settings this often. */
  policyEveryMs: 5 * 60_000,
  /** A first policy that cannot be read is looked at again after this, before it closes anything: it may be half written. */
  policyAgainMs: 2_000,
  /** Traffic is sampled this often while anything is on. */
  sampleMs: 1_000,
  /** Happy eyeballs: head start of one address over the next (RFC 8305 §5). */
  nextAddressMs: 250,
  /** HTTP/1.1 only: silence of the upstream after which a held-back FIN is passed on (protocol.md, half-close). */
  halfCloseSilenceMs: 1_000,
  /** The silence begins when the client's bytes can have left: counted at 100 kB/s, but no longer than this. */
  halfCloseUploadMs: 10_000,
  /** An HTTP/2 connection without streams is kept this long. Pomerium itself closes it after 5 minutes. */
  http2IdleMs: 4 * 60_000,
  /** A connection that was silent for longer is asked with PING whether it lives when a request goes out on it. */
  http2QuietMs: 5_000,
  /** PING on an HTTP/2 connection that carries streams and has been silent. */
  http2PingEveryMs: 30_000,
  /** No PING answer for this long: the connection gets no new requests, but its tunnels may outlive a train tunnel. */
  http2SuspectMs: 5_000,
  /** No PING answer for this long: the connection is dead. */
  http2PingAnswerMs: 45_000,
  /** What a proxy was found unable to do is tried again after this. */
  learnedMs: 10 * 60_000,
  /** A destination whose transfer was cut short on HTTP/2 is reached over HTTP/1.1 for this long. */
  cutShortMs: 24 * 60 * 60_000,
  /** A UDP client is forgotten after this long without a datagram in either direction. */
  udpIdleMs: 2 * 60_000,
  /** After an attempt for a UDP client has failed, the next one is made after this; each in a row waits twice as long. */
  udpPauseFirstMs: 1_000,
  /** The longest of these waits; also the one behind a sign-in that was not finished. */
  udpPauseMostMs: 30_000,
  /** The addresses of this computer are looked at this often, where a UDP tunnel listens on all of them. */
  udpAddressesMs: 10_000,
  /** What is dropped of UDP is told at most this often for each tunnel and reason. */
  udpDropsToldMs: 10_000,
  /** An HTTP/1.1 connection that was opened ahead for UDP is kept this long. Pomerium itself closes it after 5 minutes. */
  udpSpareMs: 4 * 60_000,
  /** A connection opened ahead that has not answered by then may be dead: a new one is tried. */
  udpSpareAnswerMs: 3_000,
  /** Clients in this time are what connections are opened ahead for. */
  udpDemandMs: 10_000,
  /** TCP keep-alive on both sides, so that a vanished peer is noticed. */
  keepAliveMs: 30_000,

  /**
   * Receive window of one stream, and so the most one stalled client can hold. Larger than what is under way on a slow
   * network: when an upstream ends while the window is used up, Envoy throws away what it still holds (decisions/002).
   */
  http2StreamWindow: 16 * 1024 * 1024,
  /** Receive window of one HTTP/2 connection; concerns what is under way only, since Node takes bytes in at once. */
  http2SessionWindow: 64 * 1024 * 1024,
  /** HTTP/2 connections to one proxy; with the usual 100 to 1,024 streams each. */
  http2SessionsPerProxy: 32,
  /** Bytes read ahead from one side while the other side is busy; also the early bytes of a waiting client. */
  pipeBuffer: 256 * 1024,
  /** Clients of one tunnel at the same time. */
  peersPerTunnel: 4_096,
  /** Of a UDP tunnel; the one that was silent for longest makes room for a new one. */
  udpPeersPerTunnel: 1_024,
  /** Datagrams of one UDP client that wait for its path, in bytes; and bytes that wait on it for the proxy. */
  udpQueueBytes: 256 * 1024,
  /** The same in datagrams. */
  udpQueuePackets: 256,
  /** Answers that wait in a local UDP socket, in bytes. */
  udpSendBytes: 4 * 1024 * 1024,
  /** What the system is asked to keep of datagrams that come in while Culvert is busy, in bytes. */
  udpReceiveBytes: 4 * 1024 * 1024,
  /** Connections to one proxy that are opened ahead for UDP clients, at most. */
  udpSpares: 8,
  /** The head of an HTTP/1.1 answer. */
  headBytes: 32 * 1024,
  /** Of a server's TLS handshake, read along to learn which client certificates it accepts. */
  handshakeBytes: 256 * 1024,
  /** What the program that uses keys is told at its start, above all the certificates that are trusted. */
  keyProgramLineBytes: 1024 * 1024,
  /** The body of a refusal, read for its request id and reason only. */
  refusalBodyBytes: 16 * 1024,
  /** How long that body is waited for once the head has come. */
  refusalBodyMs: 2_000,
  /** The body of an API answer. */
  apiBodyBytes: 1024 * 1024,
  /** A JWT, wherever it comes from. */
  jwtBytes: 16 * 1024,
  /** The sign-in URL that the login API answers with. */
  signInUrlBytes: 16 * 1024,
  /** Callback server: the head of a request; a JWT, and the cookies that a browser holds for 127.0.0.1. */
  callbackHeadBytes: 64 * 1024,
  /** Callback server: connections at the same time; the oldest makes room for a new one. */
  callbackConnections: 32,
  /** The managed settings of one place. */
  policyBytes: 256 * 1024,
  /** Proxies whose abilities are remembered, and TLS session tickets kept. */
  rememberedProxies: 256,
} as const;

export type Limits = { readonly [K in keyof typeof limits]: number };
