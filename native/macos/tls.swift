// The command `connect`: one TLS connection of Network.framework between the standard streams and `via`.
import Darwin
import Foundation
import Network
import Security

/// What Network.framework answers; it is waited for.
private final class Answer: @unchecked Sendable {
    let came = DispatchSemaphore(value: 0)
    var data: Data?
    var atEnd = false
    var error: NWError?
}

/// One connection. `ready` and `peerEnded` belong to `queue`, on which Network.framework makes all its calls.
final class TlsConnection: @unchecked Sendable {
    private let relay: Relay
    private let judge: Judge
    private let connection: NWConnection
    private let queue: DispatchQueue
    private let handshake = DispatchSemaphore(value: 0)
    private var ready = false
    private var peerEnded = false

    /// Connects to `via` and says so. Every failure, here and later, ends the program.
    init(_ request: ConnectRequest) {
        let chain = request.chain.map(certificate)
        let referee = Judge(host: request.host, verify: request.verify, roots: request.roots.map(certificate))
        let identity = findIdentity(request.id)
        let way = Relay(via: request.via)
        say(["event": "connected", "port": Int(way.localPort)])

        let tls = NWProtocolTLS.Options()
        let options = tls.securityProtocolOptions
        sec_protocol_options_set_min_tls_protocol_version(options, .TLSv12)
        // In a resumed session neither side shows its certificate again.
        sec_protocol_options_set_tls_resumption_enabled(options, false)
        // Leaf first. Should macOS send the leaf of the identity as well, servers overlook the second one.
        let shown = chain.isEmpty
            ? sec_identity_create(identity)
            : sec_identity_create_with_certificates(identity, chain as CFArray)
        guard let local = shown else {
            fail(.keyRefused, "macOS does not take this certificate for TLS.")
        }
        sec_protocol_options_set_local_identity(options, local)
        if let name = request.sni {
            sec_protocol_options_set_tls_server_name(options, name)
        }
        for name in request.alpn {
            sec_protocol_options_add_tls_application_protocol(options, name)
        }
        let serial = DispatchQueue(label: "culvert-tls")
        sec_protocol_options_set_verify_block(
            options,
            { _, trust, complete in
                complete(referee.accepts(sec_trust_copy_ref(trust).takeRetainedValue()))
            },
            serial)

        let tcp = NWProtocolTCP.Options()
        tcp.noDelay = true
        let parameters = NWParameters(tls: tls, tcp: tcp)
        parameters.preferNoProxies = true
        guard let port = NWEndpoint.Port(rawValue: way.innerPort) else {
            fail(.tls, "There is no port to connect to.")
        }
        relay = way
        judge = referee
        queue = serial
        connection = NWConnection(host: .ipv4(.loopback), port: port, using: parameters)
    }

    /// Carries the application data until both sides are done.
    func run(_ input: StandardInput) {
        connection.stateUpdateHandler = { state in
            self.changed(state)
        }
        connection.start(queue: queue)
        relay.start()
        handshake.wait()
        sayReady()

        let sending = Answer()
        Thread.detachNewThread {
            sending.error = self.sendAll(input)
            sending.came.signal()
        }
        receiveAll()
        sending.came.wait()
        if let error = sending.error {
            stop(error)
        }
        connection.cancel()
        relay.waitUntilDrained(seconds: 5)
    }

    private func changed(_ state: NWConnection.State) {
        switch state {
        case .ready:
            ready = true
            handshake.signal()
        case .waiting(let error), .failed(let error):
            // Waiting is for another network to come: nothing that a program on this computer has to wait for.
            // Once data flows, the receive under way tells the failure, after the data that came before it.
            if !ready || peerEnded {
                stop(error)
            }
        default:
            break
        }
    }

    private func sayReady() {
        let metadata = connection.metadata(definition: NWProtocolTLS.definition) as? NWProtocolTLS.Metadata
        guard let tls = metadata?.securityProtocolMetadata else {
            fail(.tls, "Network.framework says nothing about the handshake.")
        }
        let isNewest = sec_protocol_metadata_get_negotiated_tls_protocol_version(tls) == .TLSv13
        var event: [String: Any] = ["event": "ready", "alpn": NSNull(), "protocol": isNewest ? "TLSv1.3" : "TLSv1.2"]
        if let name = sec_protocol_metadata_get_negotiated_protocol(tls) {
            event["alpn"] = String(cString: name)
        }
        say(event)
    }

    /// Standard input to the server, then close_notify. Returns what kept data from being sent: the receive that is under
    /// way knows more about it, so it goes first.
    private func sendAll(_ input: StandardInput) -> NWError? {
        while true {
            let data = input.next()
            if data.isEmpty {
                break
            }
            if let error = send(data) {
                return error
            }
        }
        // A server that is gone by now has not missed anything.
        _ = send(nil)
        return nil
    }

    /// Waits until Network.framework has taken the data, which is the back-pressure. nil: the end.
    private func send(_ data: Data?) -> NWError? {
        let answer = Answer()
        let context: NWConnection.ContentContext = data == nil ? .finalMessage : .defaultMessage
        connection.send(
            content: data, contentContext: context, isComplete: true,
            completion: .contentProcessed { error in
                answer.error = error
                answer.came.signal()
            })
        answer.came.wait()
        return answer.error
    }

    /// From the server to standard output, until close_notify.
    private func receiveAll() {
        while true {
            let answer = receive()
            if let data = answer.data {
                sendOut(data)
            }
            if let error = answer.error {
                stop(error)
            }
            if answer.atEnd {
                break
            }
        }
        if !relay.seen.endedInOrder {
            fail(.reset, "The connection ended without a close_notify.")
        }
        // Before standard output ends, so that its end can be told from that of a program that was killed.
        say(["event": "end"])
        close(1)
    }

    private func receive() -> Answer {
        let answer = Answer()
        connection.receive(minimumIncompleteLength: 1, maximumLength: 65536) { data, _, atEnd, error in
            answer.data = data
            answer.atEnd = atEnd
            answer.error = error
            if atEnd && error == nil {
                self.peerEnded = true
            }
            answer.came.signal()
        }
        answer.came.wait()
        return answer
    }

    /// Ends the program with the reason, after the server has got its alert.
    private func stop(_ error: NWError) -> Never {
        connection.cancel()
        relay.waitUntilDrained(seconds: 1)
        if let distrust = judge.refused {
            fail(distrust.failure, distrust.message, chain: distrust.chain)
        }
        if relay.seen.isOtherProtocol {
            fail(.otherProtocol, "The other end does not speak TLS.")
        }
        fail(failure(of: error, verified: judge.verified), error.debugDescription)
    }
}

private func certificate(_ der: Data) -> SecCertificate {
    guard let certificate = SecCertificateCreateWithData(nil, der as CFData) else {
        fail(.usage, "A certificate of the first line is damaged.")
    }
    return certificate
}
