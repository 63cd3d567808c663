// The way from Network.framework's socket to the engine's.
import Darwin
import Foundation

/// Carries ciphertext between `via` and a socket of Network.framework, both on the loopback interface.
///
/// The engine lets in the connection that comes from the port it was told, so that port must be known before the handshake:
/// a plain socket knows its own, an NWConnection tells it only when TLS is done. Blocking reads and writes are the
/// back-pressure.
final class Relay: @unchecked Sendable {
    /// Its own port on the connection to `via`.
    let localPort: UInt16
    /// Where Network.framework connects to.
    let innerPort: UInt16
    private let outer: Int32
    private let listener: Int32
    private var inner: Int32 = -1
    private let drained = DispatchSemaphore(value: 0)
    private let lock = NSLock()
    private var records = RecordWatch()

    init(via: UInt16) {
        let toEngine = socket(AF_INET, SOCK_STREAM, 0)
        let forNetwork = socket(AF_INET, SOCK_STREAM, 0)
        if toEngine < 0 || forNetwork < 0 {
            fail(.tls, "No socket: \(lastError())")
        }
        if withAddress(via, { Darwin.connect(toEngine, $0, $1) }) != 0 {
            fail(.tls, "The connection to port \(via) failed: \(lastError())")
        }
        if withAddress(0, { Darwin.bind(forNetwork, $0, $1) }) != 0 || Darwin.listen(forNetwork, 1) != 0 {
            fail(.tls, "No port to listen on: \(lastError())")
        }
        outer = toEngine
        listener = forNetwork
        localPort = portOf(toEngine)
        innerPort = portOf(forNetwork)
    }

    /// Lets Network.framework in and starts carrying. Another program of this computer that came first gets a way to the
    /// proxy, which it has anyway, and this connection fails.
    func start() {
        var waiting = pollfd(fd: listener, events: Int16(POLLIN), revents: 0)
        let arrived = poll(&waiting, 1, 5000)
        inner = arrived == 1 ? accept(listener, nil, nil) : -1
        if inner < 0 {
            fail(.tls, "Network.framework did not connect.")
        }
        close(listener)
        var on: Int32 = 1
        setsockopt(inner, IPPROTO_TCP, TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
        setsockopt(outer, IPPROTO_TCP, TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
        Thread.detachNewThread { self.carryIn() }
        Thread.detachNewThread { self.carryOut() }
    }

    /// What the server has sent so far.
    var seen: RecordWatch {
        lock.lock()
        defer { lock.unlock() }
        return records
    }

    /// Waits until everything that Network.framework sent has been handed to `via`.
    func waitUntilDrained(seconds: Int) {
        _ = drained.wait(timeout: .now() + .seconds(seconds))
    }

    private func carryIn() {
        // A reset is no other end than one of TCP: what came before it can be the alert that explains it.
        while let data = readSome(outer), !data.isEmpty {
            lock.lock()
            records.saw(data)
            lock.unlock()
            if !writeAll(inner, data) {
                break
            }
        }
        shutdown(inner, SHUT_WR)
    }

    private func carryOut() {
        while let data = readSome(inner), !data.isEmpty {
            if !writeAll(outer, data) {
                break
            }
        }
        shutdown(outer, SHUT_WR)
        drained.signal()
    }
}

/// Calls with the address of a port on 127.0.0.1.
private func withAddress(_ port: UInt16, _ call: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
    var address = sockaddr_in()
    address.sin_len = UInt8(MemoryLayout<sockaddr_in>.size)
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr = in_addr(s_addr: UInt32(0x7f00_0001).bigEndian)
    return withUnsafePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { call($0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
    }
}

private func portOf(_ descriptor: Int32) -> UInt16 {
    var address = sockaddr_in()
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let status = withUnsafeMutablePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) }
    }
    if status != 0 {
        fail(.tls, "A socket does not know its port: \(lastError())")
    }
    return UInt16(bigEndian: address.sin_port)
}

private func lastError() -> String {
    return String(cString: strerror(errno))
}
