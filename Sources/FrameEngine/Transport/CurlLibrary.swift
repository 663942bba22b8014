import CCurl

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// What the process knows of the libcurl it is linked with.
enum CurlLibrary {
    /// The result of `curl_global_init`, called once however many transports there are. Swift runs the initialiser
    /// of a static once, under a lock, which is what curl asks for.
    static let initialisation: CURLcode = curl_global_init(Int(CURL_GLOBAL_DEFAULT))

    /// `version_num` (0xXXYYZZ) and whether HTTP/2 was built in, at run time, not of the headers.
    static let version: (number: UInt32, supportsHTTP2: Bool) = {
        guard let info = curl_version_info(CURLVERSION_FIRST) else { return (0, false) }
        return (info.pointee.version_num, info.pointee.features & CURL_VERSION_HTTP2 != 0)
    }()

    /// The protocol that `choice` comes to with this libcurl.
    static func resolved(_ choice: ProtocolChoice) -> ProtocolChoice {
        guard choice == .automatic else { return choice }
        return .automatic(forCurlVersion: version.number, supportsHTTP2: version.supportsHTTP2)
    }

    /// Why `path` cannot be a certificate bundle, or nil when curl will be able to read it.
    static func reasonAgainstBundle(_ path: String) -> String? {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return String(cString: strerror(errno)) }
        defer { close(file) }
        var status = stat()
        guard fstat(file, &status) == 0 else { return String(cString: strerror(errno)) }
        guard status.st_mode & S_IFMT == S_IFREG else { return "not a regular file" }
        return status.st_size > 0 ? nil : "the file is empty"
    }
}
