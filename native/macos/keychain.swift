// Certificates of the keychains and of the cards that CryptoTokenKit knows: list, find, export.
import CryptoKit
import Foundation
import Security

/// A certificate, with its private key where there is one.
private struct Found {
    let certificate: SecCertificate
    let identity: SecIdentity?
    /// macOS says that the key may be exported.
    let mayLeave: Bool
    let place: String

    var der: Data { SecCertificateCopyData(certificate) as Data }
    /// The SHA-256 of the certificate: the same as long as it is there, in whichever keychain.
    var id: String { SHA256.hash(data: der).map { String(format: "%02x", $0) }.joined() }
}

private struct Place {
    /// In words for people.
    let name: String
    let query: [String: Any]
    /// A failure of this one is told; another one may not be there at all, or need an entitlement.
    let required: Bool
}

private let mostCertificates = 5000
/// Real ones have a few thousand bytes. One that is absurd does not make the list unreadable.
private let longestCertificate = 65536

/// In the order of preference: the search list of keychains, the data protection keychain, cards.
private func places() -> [Place] {
    return [
        Place(name: "the macOS keychain", query: [:], required: true),
        Place(
            name: "the data protection keychain",
            query: [
                kSecUseDataProtectionKeychain as String: true,
                kSecUseAuthenticationUI as String: kSecUseAuthenticationUISkip,
            ],
            required: false),
        Place(name: "the cards", query: [kSecAttrAccessGroup as String: kSecAttrAccessGroupToken], required: false),
    ]
}

/// The items of a class in a place. References and attributes only, never data: macOS asks nobody for those.
private func items(_ place: Place, _ itemClass: CFString) -> [[String: Any]] {
    var query = place.query
    query[kSecClass as String] = itemClass
    query[kSecMatchLimit as String] = kSecMatchLimitAll
    query[kSecReturnRef as String] = true
    query[kSecReturnAttributes as String] = true
    var result: CFTypeRef?
    let status = SecItemCopyMatching(query as CFDictionary, &result)
    if status == errSecSuccess {
        return result as? [[String: Any]] ?? []
    }
    if place.required && status != errSecItemNotFound {
        fail(.store, "The keychain cannot be read: \(describe(status))")
    }
    return []
}

private func identities(_ place: Place) -> [Found] {
    return items(place, kSecClassIdentity).compactMap { (item) -> Found? in
        guard let value = item[kSecValueRef as String], CFGetTypeID(value as CFTypeRef) == SecIdentityGetTypeID() else {
            return nil
        }
        let identity = value as! SecIdentity
        var certificate: SecCertificate?
        guard SecIdentityCopyCertificate(identity, &certificate) == errSecSuccess, let leaf = certificate else {
            return nil
        }
        let token = item[kSecAttrTokenID as String] as? String
        // The file keychains do not say whether a key may leave, and SecKeyCopyAttributes tries to export it, which
        // asks the user. So a key whose item does not say it is used where it is.
        let mayLeave = token == nil && item[kSecAttrIsExtractable as String] as? Bool == true
        let name = token.map { "the card \($0)" } ?? place.name
        return Found(certificate: leaf, identity: identity, mayLeave: mayLeave, place: name)
    }
}

private func certificates(_ place: Place) -> [Found] {
    return items(place, kSecClassCertificate).compactMap { (item) -> Found? in
        guard let value = item[kSecValueRef as String], CFGetTypeID(value as CFTypeRef) == SecCertificateGetTypeID() else {
            return nil
        }
        return Found(certificate: value as! SecCertificate, identity: nil, mayLeave: false, place: place.name)
    }
}

/// The command `list`.
func listCertificates() {
    var seen = Set<String>()
    // With a key before without: the same certificate is often in several keychains, and one copy has the key.
    for found in places().flatMap(identities) + places().flatMap(certificates) {
        let id = found.id
        if found.der.count > longestCertificate || !seen.insert(id).inserted {
            continue
        }
        if seen.count > mostCertificates {
            fail(.store, "The keychains hold more than \(mostCertificates) certificates.")
        }
        let key = found.identity == nil ? "none" : found.mayLeave ? "exportable" : "stays"
        sayLine(["id": id, "der": found.der.base64EncodedString(), "key": key, "where": found.place])
    }
    sayLine(["end": true])
}

/// The identity of a listed certificate; ends the program where it is gone or has no key.
func findIdentity(_ id: String) -> SecIdentity {
    for found in places().flatMap(identities) where found.id == id {
        if let identity = found.identity {
            return identity
        }
    }
    fail(.noSuchCertificate, "The keychains have no private key for this certificate any more.")
}

/// The command `export`. macOS asks the user where the key's access list wants it.
func exportIdentity(id: String, request: ExportRequest) {
    if request.passphrase.isEmpty {
        fail(.usage, "The passphrase is empty.")
    }
    let identity = findIdentity(id)
    // The parameters do not keep the passphrase alive, so this does.
    let passphrase = Unmanaged<AnyObject>.passRetained(request.passphrase as NSString)
    var parameters = SecItemImportExportKeyParameters()
    parameters.version = UInt32(SEC_KEY_IMPORT_EXPORT_PARAMS_VERSION)
    parameters.passphrase = passphrase
    var exported: CFData?
    let status = SecItemExport(identity, .formatPKCS12, [], &parameters, &exported)
    passphrase.release()
    guard status == errSecSuccess, let pkcs12 = exported as Data? else {
        fail(.keyRefused, "The keychain does not give the private key: \(describe(status))")
    }
    sendOut(pkcs12)
}
