// Whether the server is the right one, and the codes under which failures are known to the engine.
import Foundation
import Network
import Security

/// Why a server's certificate was not taken.
struct Distrust {
    let failure: Failure
    let message: String
    /// The server's certificates as macOS ordered them, leaf first.
    let chain: [Data]
}

/// Checks certificate, dates, key use and host name as macOS does for TLS servers, with `roots` besides the system's own.
/// Nothing is fetched over the network. Returns nil where the server is trusted.
private func distrust(_ trust: SecTrust, host: String, roots: [SecCertificate]) -> Distrust? {
    // Names and IP addresses alike.
    let policy = SecPolicyCreateSSL(true, host as CFString)
    var status = SecTrustSetPolicies(trust, policy)
    if status == errSecSuccess && !roots.isEmpty {
        status = SecTrustSetAnchorCertificates(trust, roots as CFArray)
        if status == errSecSuccess {
            status = SecTrustSetAnchorCertificatesOnly(trust, false)
        }
    }
    if status == errSecSuccess {
        status = SecTrustSetNetworkFetchAllowed(trust, false)
    }
    if status != errSecSuccess {
        return Distrust(failure: .tls, message: "The certificate cannot be checked: \(describe(status))", chain: [])
    }
    var error: CFError?
    if SecTrustEvaluateWithError(trust, &error) {
        return nil
    }
    var reason = 0
    var message = "macOS gives no reason."
    if let told = error {
        reason = CFErrorGetCode(told)
        message = CFErrorCopyDescription(told) as String? ?? message
    }
    let chain = SecTrustCopyCertificateChain(trust) as? [SecCertificate] ?? []
    let code = certificateCode(reason, chain)
    return Distrust(failure: Failure(code), message: message, chain: chain.map { SecCertificateCopyData($0) as Data })
}

/// Takes or refuses the server's certificate, once a connection. Network.framework asks it before it says that it is ready.
final class Judge: @unchecked Sendable {
    private let host: String
    private let verify: Bool
    private let roots: [SecCertificate]
    private(set) var verified = false
    private(set) var refused: Distrust?

    init(host: String, verify: Bool, roots: [SecCertificate]) {
        self.host = host
        self.verify = verify
        self.roots = roots
    }

    func accepts(_ trust: SecTrust) -> Bool {
        refused = verify ? distrust(trust, host: host, roots: roots) : nil
        verified = refused == nil
        return verified
    }
}

/// The codes of Node and OpenSSL for errSec… results (SecBase.h).
private func certificateCode(_ reason: Int, _ chain: [SecCertificate]) -> String {
    switch reason {
    case -67602: return "ERR_TLS_CERT_ALTNAME_INVALID"  // errSecHostNameMismatch
    case -67818: return "CERT_HAS_EXPIRED"  // errSecCertificateExpired
    case -67819: return "CERT_NOT_YET_VALID"  // errSecCertificateNotValidYet
    case -67820: return "CERT_REVOKED"  // errSecCertificateRevoked
    case -67609: return "INVALID_PURPOSE"  // errSecInvalidExtendedKeyUsage
    case -67843, -25318:  // errSecNotTrusted, errSecCreateChainFailed
        return isSelfSigned(chain) ? "DEPTH_ZERO_SELF_SIGNED_CERT" : "UNABLE_TO_GET_ISSUER_CERT_LOCALLY"
    default: return "CERT_REJECTED"
    }
}

private func isSelfSigned(_ chain: [SecCertificate]) -> Bool {
    guard chain.count == 1, let subject = SecCertificateCopyNormalizedSubjectSequence(chain[0]),
        let issuer = SecCertificateCopyNormalizedIssuerSequence(chain[0])
    else {
        return false
    }
    return subject as Data == issuer as Data
}

/// The codes of Node and OpenSSL for errSSL… results (SecureTransport.h); those named Peer are alerts of the server.
private let tlsCodes: [OSStatus: String] = [
    -9801: "ERR_SSL_UNSUPPORTED_PROTOCOL",  // errSSLNegotiation
    -9805: "ECONNRESET",  // errSSLClosedGraceful, where the handshake was not done
    -9806: "ECONNRESET",  // errSSLClosedAbort
    -9816: "ECONNRESET",  // errSSLClosedNoNotify
    -9824: "ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE",  // errSSLPeerHandshakeFail
    -9825: "ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE",  // errSSLPeerBadCert
    -9826: "ERR_SSL_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE",  // errSSLPeerUnsupportedCert
    -9827: "ERR_SSL_SSLV3_ALERT_CERTIFICATE_REVOKED",  // errSSLPeerCertRevoked
    -9828: "ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED",  // errSSLPeerCertExpired
    -9829: "ERR_SSL_SSLV3_ALERT_CERTIFICATE_UNKNOWN",  // errSSLPeerCertUnknown
    -9831: "ERR_SSL_TLSV1_ALERT_UNKNOWN_CA",  // errSSLPeerUnknownCA
    -9832: "ERR_SSL_TLSV1_ALERT_ACCESS_DENIED",  // errSSLPeerAccessDenied
    -9834: "ERR_SSL_TLSV1_ALERT_DECRYPT_ERROR",  // errSSLPeerDecryptError
    -9836: "ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION",  // errSSLPeerProtocolVersion
    -9852: "ECONNRESET",  // errSSLTransportReset
    -9858: "ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE",  // errSSLHandshakeFail
    -9863: "ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED",  // errSSLCertificateRequired
]

/// The store or the token did not let the key be used, or the user said no.
private let keyStatuses: Set<OSStatus> = [
    -128,  // errSecUserCanceled
    -25293,  // errSecAuthFailed
    -25308,  // errSecInteractionNotAllowed
    -25315,  // errSecInteractionRequired
]

/// errSSLCrypto and errSSLInternal: once the server is verified, the private key is the only thing left that can refuse.
private let ownStatuses: Set<OSStatus> = [-9809, -9810]

/// What a failed connection is called. `verified`: the server's certificate was taken before.
func failure(of error: NWError, verified: Bool) -> Failure {
    if case .tls(let status) = error {
        if keyStatuses.contains(status) || (verified && ownStatuses.contains(status)) {
            return .keyRefused
        }
        return tlsCodes[status].map { Failure($0) } ?? .tls
    }
    if case .posix = error {
        return .reset
    }
    return .tls
}
