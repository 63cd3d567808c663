import { authorityOf } from "./control-core.ts";
import type { Pki } from "./pki.ts";
import type { AccessProxyOptions, RouteSpec } from "./types.ts";

/** A piece of Envoy's configuration. */
type Config = { readonly [key: string]: string | number | boolean | Config | readonly (string | Config)[] };

const typeUrl = (name: string): Config => ({ "@type": `type.googleapis.com/envoy.extensions.${name}` });

const socketAddress = (host: string, port: number, protocol: "TCP" | "UDP" = "TCP"): Config => ({
  socket_address: { address: host, port_value: port, protocol },
});

/**
 * Asks the control plane about every request that is not one of Pomerium's own pages. Envoy's ext_authz over HTTP
 * cannot do this: it would ask with CONNECT itself.
 */
const policyScript = `
function envoy_on_request(handle)
  local headers = handle:headers()
  local path = headers:get(":path") or ""
  if string.sub(path, 1, 11) == "/.pomerium/" or string.sub(path, 1, 21) == "/.well-known/pomerium" then return end
  local target = headers:get(":authority")
  local host, port = string.match(path, "^/%.well%-known/masque/udp/([^/]+)/(%d+)/?$")
  if host then
    host = string.gsub(host, "%%3[aA]", ":")
    if string.find(host, ":", 1, true) then host = "[" .. host .. "]" end
    target = host .. ":" .. port
  end
  local certificate = "none"
  local tls = handle:streamInfo():downstreamSslConnection()
  if tls and tls:peerCertificatePresented() then
    certificate = tls:peerCertificateValidated() and "valid" or "invalid"
  end
  local alpn = "http/1.1"
  if handle:streamInfo():protocol() == "HTTP/2" then alpn = "h2" end
  local question = {
    [":method"] = "POST", [":path"] = "/authorize", [":authority"] = "control",
    ["x-target"] = target, ["x-client-certificate"] = certificate, ["x-alpn"] = alpn,
    ["x-request-id"] = headers:get("x-request-id"),
  }
  if headers:get("authorization") then question["authorization"] = headers:get("authorization") end
  if headers:get("accept") then question["accept"] = headers:get("accept") end
  local answer, body = handle:httpCall("control", question, "", 5000)
  if answer[":status"] ~= "200" then
    -- Headers read before the call may not be used after it. Only what the policy itself said: the headers of the call to it are nobody's business.
    local reply = { [":status"] = answer[":status"] }
    for _, name in ipairs({ "content-type", "location", "x-pomerium-intercepted-response" }) do
      if answer[name] then reply[name] = answer[name] end
    end
    handle:headers():replace("x-stand-in-answer", answer["content-type"] or "none")
    handle:respond(reply, body)
  end
end
`;

function cluster(name: string, host: string, port: number, protocol: "TCP" | "UDP" = "TCP"): Config {
  const endpoint = { endpoint: { address: socketAddress(host, port, protocol) } };
  // The upstreams of tests are addresses or localhost; a name needs a cluster that resolves.
  const type = /^[\d.]+$|:/.test(host) ? "STATIC" : "STRICT_DNS";
  return {
    name,
    type,
    connect_timeout: "5s",
    load_assignment: { cluster_name: name, endpoints: [{ lb_endpoints: [endpoint] }] },
  };
}

function upstreamCluster(route: RouteSpec): Config {
  // Port 1 on loopback: nothing listens there, so it refuses.
  const { host, port } = route.upstream ?? { host: "127.0.0.1", port: 1 };
  return cluster(authorityOf(route), host, port, route.type === "udp" ? "UDP" : "TCP");
}

const exactHeader = (name: string, exact: string): Config => ({ name, string_match: { exact } });

function routeEntries(route: RouteSpec): readonly Config[] {
  const authority = authorityOf(route);
  const action = (upgrade: string): Config => ({
    cluster: authority,
    timeout: "0s",
    idle_timeout: "0s",
    upgrade_configs: [{ upgrade_type: upgrade, connect_config: {} }],
  });
  if (route.type !== "udp") {
    const match = { connect_matcher: {}, headers: [exactHeader(":authority", authority)] };
    return [{ match, route: action("CONNECT") }];
  }
  const path = `/.well-known/masque/udp/${encodeURIComponent(route.host)}/${route.port}/`;
  const refused = { cluster: authority, upgrade_configs: [{ upgrade_type: "CONNECT", enabled: false }] };
  return [
    { match: { connect_matcher: {}, headers: [exactHeader(":path", path)] }, route: action("CONNECT-UDP") },
    // A TCP CONNECT to a UDP route finds the route, but no leave to upgrade: 403.
    { match: { connect_matcher: {}, headers: [exactHeader(":authority", authority)] }, route: refused },
  ];
}

function tlsParameters(version: "TLSv1.2" | "TLSv1.3"): Config {
  const only = version === "TLSv1.2" ? "TLSv1_2" : "TLSv1_3";
  return { tls_minimum_protocol_version: only, tls_maximum_protocol_version: only };
}

function transportSocket(options: AccessProxyOptions, pki: Pki): Config {
  const mode = options.clientCertificates ?? "off";
  const asks = mode !== "off" || options.routes.some((route) => route.policy === "client-certificate");
  const identity = {
    certificate_chain: { filename: pki.server.certFile },
    private_key: { filename: pki.server.keyFile },
  };
  const validation: Config = {
    trusted_ca: options.clientCas === undefined ? { filename: pki.clientCaFile } : { inline_string: options.clientCas },
    // Policy mode lets a wrong certificate in, so that the policy can answer 495.
    ...(mode === "reject-connection" ? {} : { trust_chain_verification: "ACCEPT_UNTRUSTED" }),
  };
  return {
    name: "tls",
    typed_config: {
      ...typeUrl("transport_sockets.tls.v3.DownstreamTlsContext"),
      require_client_certificate: mode === "reject-connection",
      common_tls_context: {
        ...(options.tlsVersion ? { tls_params: tlsParameters(options.tlsVersion) } : {}),
        alpn_protocols: options.alpn ?? ["h2", "http/1.1"],
        tls_certificates: [identity],
        ...(asks ? { validation_context: validation } : {}),
      },
    },
  };
}

/** What the policy said passes through the local replies as it is, under the content type it came with. */
function policyReply(contentType: string): Config {
  return {
    filter: { header_filter: { header: exactHeader("x-stand-in-answer", contentType) } },
    body_format_override: { content_type: contentType, text_format_source: { inline_string: "%LOCAL_REPLY_BODY%" } },
  };
}

/** Envoy's own errors in the JSON shape that Pomerium gives them; a refused upgrade has an empty body. */
const localReplies: Config = {
  mappers: [
    policyReply("application/json"),
    policyReply("text/html; charset=UTF-8"),
    {
      filter: { status_code_filter: { comparison: { value: { default_value: 403, runtime_key: "culvert.403" } } } },
      body: { inline_string: "" },
      body_format_override: { text_format_source: { inline_string: "%LOCAL_REPLY_BODY%" } },
    },
  ],
  body_format: {
    content_type: "application/json; charset=UTF-8",
    text_format_source: {
      inline_string:
        '{\n  "requestId": "%REQ(X-REQUEST-ID)%",\n  "status": "%RESPONSE_CODE%",\n  "statusText": "%RESPONSE_CODE_DETAILS%"\n}',
    },
  },
};

function connectionManager(options: AccessProxyOptions): Config {
  const control = { cluster: "control", timeout: "0s" };
  return {
    ...typeUrl("filters.network.http_connection_manager.v3.HttpConnectionManager"),
    stat_prefix: "front",
    codec_type: "AUTO",
    always_set_request_id_in_response: true,
    local_reply_config: localReplies,
    upgrade_configs: [{ upgrade_type: "CONNECT" }, { upgrade_type: "CONNECT-UDP" }],
    route_config: {
      virtual_hosts: [
        {
          name: "all",
          domains: ["*"],
          routes: [
            { match: { prefix: "/.pomerium/" }, route: control },
            { match: { prefix: "/.well-known/pomerium" }, route: control },
            ...options.routes.flatMap(routeEntries),
          ],
        },
      ],
    },
    http_filters: [
      {
        name: "policy",
        typed_config: {
          ...typeUrl("filters.http.lua.v3.Lua"),
          default_source_code: { inline_string: policyScript },
        },
      },
      { name: "router", typed_config: typeUrl("filters.http.router.v3.Router") },
    ],
  };
}

/** The whole configuration: every port is 0, so that Envoy picks free ones itself. */
export function envoyConfig(options: AccessProxyOptions, pki: Pki, controlPort: number): Config {
  return {
    admin: { address: socketAddress("127.0.0.1", 0) },
    static_resources: {
      listeners: [
        {
          name: "front",
          address: socketAddress("127.0.0.1", 0),
          filter_chains: [
            {
              ...(options.plain === true ? {} : { transport_socket: transportSocket(options, pki) }),
              filters: [{ name: "http", typed_config: connectionManager(options) }],
            },
          ],
        },
      ],
      clusters: [cluster("control", "127.0.0.1", controlPort), ...options.routes.map(upstreamCluster)],
    },
  };
}
