import Crypto
import Foundation
import NIOSSL
import SwiftASN1
import X509

/// The store's own certificate authority and the certificate of its server, kept in `STORE/tls`.
///
/// The authority is made once, so that a client that trusts it goes on trusting; the server's certificate is renewed
/// when it nears its end. Keys are readable by their owner only.
struct CertificateAuthority {
    let folder: String

    /// The authority's certificate, PEM: what clients take as CA bundle.
    var certificatePath: String { folder + "/ca.pem" }
    private var keyPath: String { folder + "/ca-key.pem" }
    private var serverCertificatePath: String { folder + "/server.pem" }
    private var serverKeyPath: String { folder + "/server-key.pem" }

    private static let day: TimeInterval = 86_400
    private static let organization = "hi-fetch local data store"

    /// Absolute, so that the certificate's path can be handed to programs that run elsewhere.
    init(store: ImageSetStore) {
        let root = store.layout.root
        folder = (root.hasPrefix("/") ? root : FileManager.default.currentDirectoryPath + "/" + root) + "/tls"
    }

    /// What the server presents; makes or renews it where needed.
    func serverConfiguration(at date: Date = .now) throws(LocalServerError) -> TLSConfiguration {
        do {
            try StoreFiles.makeDirectory(folder)
            return try FileLock.withLock(on: folder + "/lock") { () throws(StoreError) in
                Result { try configuration(at: date) }
            }.get()
        } catch let error as StoreError {
            throw .certificates(path: folder, reason: error.message)
        } catch {
            throw .certificates(path: folder, reason: "\(error)")
        }
    }

    private func configuration(at date: Date) throws -> TLSConfiguration {
        let authority = try authority(at: date)
        if try !isServerCertificateGood(issuedBy: authority.certificate, at: date) {
            try issueServerCertificate(from: authority, at: date)
        }
        let certificates = try NIOSSLCertificate.fromPEMFile(serverCertificatePath)
        let key = try NIOSSLPrivateKey(file: serverKeyPath, format: .pem)
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: certificates.map { .certificate($0) }, privateKey: .privateKey(key))
        configuration.minimumTLSVersion = .tlsv12
        return configuration
    }

    private struct Issuer {
        let certificate: Certificate
        let key: P256.Signing.PrivateKey
    }

    private func authority(at date: Date) throws -> Issuer {
        if let certificate = try readText(certificatePath), let key = try readText(keyPath) {
            return Issuer(
                certificate: try Certificate(pemEncoded: certificate),
                key: try P256.Signing.PrivateKey(pemRepresentation: key))
        }
        let key = P256.Signing.PrivateKey()
        let publicKey = Certificate.PublicKey(key.publicKey)
        let name = try DistinguishedName {
            OrganizationName(Self.organization)
            // Two stores' authorities must not share a name: clients look issuers up by it.
            CommonName("hi-fetch local CA \(String(UInt32.random(in: 0...UInt32.max), radix: 16))")
        }
        let certificate = try Certificate(
            version: .v3, serialNumber: Certificate.SerialNumber(), publicKey: publicKey,
            notValidBefore: date - Self.day, notValidAfter: date + 3650 * Self.day,
            issuer: name, subject: name,
            extensions: try Certificate.Extensions {
                Critical(BasicConstraints.isCertificateAuthority(maxPathLength: 0))
                Critical(KeyUsage(keyCertSign: true, cRLSign: true))
                SubjectKeyIdentifier(hash: publicKey)
            },
            issuerPrivateKey: Certificate.PrivateKey(key))
        try write(key.pemRepresentation, to: keyPath, mode: 0o600)
        try write(certificate.serializeAsPEM().pemString, to: certificatePath, mode: 0o644)
        return Issuer(certificate: certificate, key: key)
    }

    private func isServerCertificateGood(issuedBy authority: Certificate, at date: Date) throws -> Bool {
        guard let text = try readText(serverCertificatePath), try readText(serverKeyPath) != nil,
            let certificate = try? Certificate(pemEncoded: text)
        else { return false }
        return authority.publicKey.isValidSignature(certificate.signature, for: certificate)
            && certificate.notValidAfter > date + 30 * Self.day && certificate.notValidBefore < date
    }

    private func issueServerCertificate(from authority: Issuer, at date: Date) throws {
        let key = P256.Signing.PrivateKey()
        let publicKey = Certificate.PublicKey(key.publicKey)
        let ipv6Loopback = [UInt8](repeating: 0, count: 15) + [1]
        let certificate = try Certificate(
            version: .v3, serialNumber: Certificate.SerialNumber(), publicKey: publicKey,
            // At most 398 days, the longest that common clients accept.
            notValidBefore: date - Self.day, notValidAfter: date + 390 * Self.day,
            issuer: authority.certificate.subject,
            subject: try DistinguishedName {
                OrganizationName(Self.organization)
                CommonName("localhost")
            },
            extensions: try Certificate.Extensions {
                Critical(BasicConstraints.notCertificateAuthority)
                Critical(KeyUsage(digitalSignature: true))
                try ExtendedKeyUsage([.serverAuth])
                SubjectAlternativeNames([
                    .dnsName("localhost"),
                    // AWS SDKs put this before the host of a custom endpoint unless told not to.
                    .dnsName("runtime-localhost"),
                    .ipAddress(ASN1OctetString(contentBytes: [127, 0, 0, 1])),
                    .ipAddress(ASN1OctetString(contentBytes: ipv6Loopback[...])),
                ])
                SubjectKeyIdentifier(hash: publicKey)
                AuthorityKeyIdentifier(
                    keyIdentifier: SubjectKeyIdentifier(hash: Certificate.PublicKey(authority.key.publicKey))
                        .keyIdentifier)
            },
            issuerPrivateKey: Certificate.PrivateKey(authority.key))
        try write(key.pemRepresentation, to: serverKeyPath, mode: 0o600)
        try write(certificate.serializeAsPEM().pemString, to: serverCertificatePath, mode: 0o644)
    }

    private func readText(_ path: String) throws -> String? {
        try StoreFiles.read(path).map { String(decoding: $0, as: UTF8.self) }
    }

    private func write(_ text: String, to path: String, mode: mode_t) throws {
        try StoreFiles.replace(path, bytes: Array((text + "\n").utf8), mode: mode)
    }
}
