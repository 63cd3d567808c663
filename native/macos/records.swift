// What can be seen of TLS from outside.
import Foundation

/// Reads along what the server sends, one record after the other (RFC 8446 §5.1), as far as that is in the clear.
///
/// Network.framework takes an end of TCP for an end of TLS. Whether the last record was a close_notify shows in its header: in
/// TLS 1.2 alerts have a type of their own, in TLS 1.3 an alert fills 19 bytes (2, its type and the tag). Two bytes of data do
/// so too: a connection that is cut off right behind such a record is taken for one that ended in order.
struct RecordWatch {
    private var header: [UInt8] = []
    /// Bytes of the present record that have not come yet.
    private var left = 0
    private var isAlert = false
    /// The other end began with what is no record of TLS.
    private(set) var isOtherProtocol = false

    /// All records are whole, and the last one was an alert.
    var endedInOrder: Bool {
        return isAlert && left == 0 && header.isEmpty
    }

    mutating func saw(_ data: Data) {
        var at = data.startIndex
        while at < data.endIndex && !isOtherProtocol {
            if left > 0 {
                let step = min(left, data.endIndex - at)
                left -= step
                at += step
                continue
            }
            header.append(data[at])
            at += 1
            if !(20...23).contains(header[0]) {
                isOtherProtocol = true
            } else if header.count == 5 {
                left = Int(header[3]) * 256 + Int(header[4])
                isAlert = header[0] == 21 || (header[0] == 23 && left == 19)
                header.removeAll(keepingCapacity: true)
            }
        }
    }
}
