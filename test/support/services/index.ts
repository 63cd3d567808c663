export { messagesOf, patternOf } from "./guide.ts";
export { GuideRun } from "./guide-run.ts";
export { netcat } from "./netcat.ts";
export { postgresql, type PostgresqlServer } from "./postgresql.ts";
export { run, type Ran, type RunOptions } from "./processes.ts";
export { lacks, program, type Service } from "./programs.ts";
export { redis, type RedisServer } from "./redis.ts";
export { sshd, type SshServer } from "./sshd.ts";
export { TunnelRig, type LocalPort } from "./tunnel-rig.ts";
