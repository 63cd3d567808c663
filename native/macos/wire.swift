// What goes over the three standard streams: JSON lines, raw bytes, and the error that ends the program.
import Foundation
import Security

/// First line of `export`. What only other platforms use is not read.
struct ExportRequest: Decodable {
    let passphrase: String
}

/// First line of `connect`. Certificates are DER, in base64 on the wire.
struct ConnectRequest: Decodable {
    let id: String
    let chain: [Data]
    let host: String
    let sni: String?
    let alpn: [String]
    let verify: Bool
    let roots: [Data]
    let via: UInt16

    /// What the types do not say: the names go to C as strings, and ALPN has one byte for a length (RFC 7301 §3.1).
    var isUsable: Bool {
        let names = alpn + [host] + (sni.map { [$0] } ?? [])
        return via != 0 && names.allSatisfy { !$0.isEmpty && $0.utf8.count <= 255 && !$0.utf8.contains(0) }
    }
}

/// Why the program ends: the code of its last event, and its exit status.
struct Failure {
    let code: String
    let status: Int32

    init(_ code: String, status: Int32 = 1) {
        self.code = code
        self.status = status
    }

    static let usage = Failure("CULVERT_TLS", status: 2)
    static let tls = Failure("CULVERT_TLS")
    static let store = Failure("CULVERT_STORE")
    static let keyRefused = Failure("CULVERT_KEY_REFUSED")
    static let noSuchCertificate = Failure("CULVERT_NO_SUCH_CERTIFICATE")
    static let reset = Failure("ECONNRESET")
    static let otherProtocol = Failure("ERR_SSL_WRONG_VERSION_NUMBER")
}

/// Several threads can find the end at once. The first one takes this lock and never gives it back.
private let ending = NSLock()

/// Says the one error event and ends the program. `chain` is the server's, where its certificate is at fault.
func fail(_ failure: Failure, _ message: String, chain: [Data] = []) -> Never {
    ending.lock()
    var event: [String: Any] = ["event": "error", "code": failure.code, "message": message]
    if !chain.isEmpty {
        event["chain"] = chain.map { $0.base64EncodedString() }
    }
    say(event)
    exit(failure.status)
}

/// An event, as one line on standard error.
func say(_ event: [String: Any]) {
    _ = writeAll(2, json(event))
}

/// A line on standard output.
func sayLine(_ line: String) {
    sendOut(Data((line + "\n").utf8))
}

/// A JSON line on standard output.
func sayLine(_ object: [String: Any]) {
    sendOut(json(object))
}

/// Bytes to standard output. Nobody reads them: nothing is left to do.
func sendOut(_ data: Data) {
    if !writeAll(1, data) {
        exit(1)
    }
}

/// What macOS says about a status, as one line.
func describe(_ status: OSStatus) -> String {
    if let text = SecCopyErrorMessageString(status, nil) {
        return "\(text as String) (\(status))"
    }
    return "status \(status)"
}

func decodeRequest<Request: Decodable>(_ line: Data) -> Request {
    guard let request = try? JSONDecoder().decode(Request.self, from: line) else {
        fail(.usage, "The first line of the input is not the JSON that this command needs.")
    }
    return request
}

/// Writes everything, however long the reader takes. False when nobody reads any more.
func writeAll(_ descriptor: Int32, _ data: Data) -> Bool {
    return data.withUnsafeBytes { (bytes: UnsafeRawBufferPointer) -> Bool in
        guard let start = bytes.baseAddress else {
            return true
        }
        var done = 0
        while done < bytes.count {
            let count = write(descriptor, start + done, bytes.count - done)
            if count >= 0 {
                done += count
            } else if errno != EINTR {
                return false
            }
        }
        return true
    }
}

/// What one read gave: at most 64 KiB, empty at the end; nil when the descriptor failed.
func readSome(_ descriptor: Int32) -> Data? {
    let most = 65536
    var buffer = [UInt8](repeating: 0, count: most)
    while true {
        let count = read(descriptor, &buffer, most)
        if count >= 0 {
            return Data(buffer[0..<count])
        }
        if errno != EINTR {
            return nil
        }
    }
}

/// Standard input: one JSON line, then raw bytes.
final class StandardInput: @unchecked Sendable {
    /// The certificates that are trusted can be many; the engine sends no more than this.
    private static let longestLine = 4 << 20
    private var rest = Data()

    /// The first line without its end. Longer than 4 MiB, or no line at all, is wrong usage.
    func firstLine() -> Data {
        var line = Data()
        while true {
            guard let more = readSome(0), !more.isEmpty else {
                fail(.usage, "The input ended before its first line did.")
            }
            if let end = more.firstIndex(of: 10) {
                line.append(more[more.startIndex..<end])
                rest = Data(more[(end + 1)...])
            } else {
                line.append(more)
            }
            if line.count > StandardInput.longestLine {
                fail(.usage, "The first line of the input is longer than 4 MiB.")
            }
            if more.contains(10) {
                return line
            }
        }
    }

    /// The next bytes after the first line; empty at the end. An input that fails has ended.
    func next() -> Data {
        if !rest.isEmpty {
            let early = rest
            rest = Data()
            return early
        }
        return readSome(0) ?? Data()
    }
}

private func json(_ object: [String: Any]) -> Data {
    guard var line = try? JSONSerialization.data(withJSONObject: object, options: [.sortedKeys, .withoutEscapingSlashes]) else {
        return Data()
    }
    line.append(10)
    return line
}
