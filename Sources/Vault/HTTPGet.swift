internal import CCurl
internal import Model

/// One HTTP request that blocks its thread: the body of what a server answers to GET, within limits of time and size.
///
/// Redirects are not followed, since the headers may hold a secret that is meant for this server alone.
@safe struct HTTPGet {
    let url: String
    /// Name and value; never shown.
    let headers: Redacted<[(name: String, value: String)]>
    /// A file with the certificates to trust; nil for those of the system.
    let authority: String?

    /// What the server answered.
    struct Answer {
        let status: Int
        let body: [UInt8]
    }

    /// Why there is no answer, in libcurl's words, which name the host and the certificate's fault.
    struct Failure: Error {
        let reason: String
        /// Whether the server's certificate was the reason.
        let isDistrust: Bool
    }

    private static let connectSeconds = 5
    private static let totalSeconds = 15
    private static let mostBytes = 1 << 20

    /// "You must not call it when any other thread in the program is running" (curl_global_init) holds before 7.84 only.
    private static let isReady = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK

    func run() throws(Failure) -> Answer {
        guard Self.isReady, let handle = unsafe curl_easy_init() else {
            throw Failure(reason: "libcurl is not to be had", isDistrust: false)
        }
        defer { unsafe curl_easy_cleanup(handle) }
        var list: UnsafeMutablePointer<curl_slist>?
        for header in headers.reveal() { unsafe list = curl_slist_append(list, "\(header.name): \(header.value)") }
        defer { unsafe curl_slist_free_all(list) }
        unsafe _ = curl_set_text(handle, CURLOPT_URL, url)
        unsafe _ = curl_set_text(handle, CURLOPT_PROTOCOLS_STR, "http,https")
        unsafe _ = curl_set_pointer(handle, CURLOPT_HTTPHEADER, list)
        unsafe _ = curl_set_number(handle, CURLOPT_NOSIGNAL, 1)
        unsafe _ = curl_set_number(handle, CURLOPT_CONNECTTIMEOUT, Self.connectSeconds)
        unsafe _ = curl_set_number(handle, CURLOPT_TIMEOUT, Self.totalSeconds)
        if let authority { unsafe _ = curl_set_text(handle, CURLOPT_CAINFO, authority) }
        unsafe _ = curl_set_receiver(handle) { bytes, size, count, place in
            guard let bytes = unsafe bytes, let place = unsafe place else { return 0 }
            let body = unsafe place.assumingMemoryBound(to: [UInt8].self)
            guard unsafe body.pointee.count + size * count <= HTTPGet.mostBytes else { return 0 }
            unsafe UnsafeRawBufferPointer(start: bytes, count: size * count).withMemoryRebound(to: UInt8.self) {
                unsafe body.pointee += $0
            }
            return size * count
        }
        var body: [UInt8] = []
        var words = [UInt8](repeating: 0, count: Int(CURL_ERROR_SIZE))
        let result = unsafe words.withUnsafeMutableBufferPointer { words in
            unsafe withUnsafeMutablePointer(to: &body) { body in
                unsafe _ = curl_set_pointer(handle, CURLOPT_WRITEDATA, body)
                unsafe _ = curl_set_pointer(handle, CURLOPT_ERRORBUFFER, words.baseAddress)
                return unsafe curl_easy_perform(handle)
            }
        }
        guard result == CURLE_OK else {
            throw failure(result, String(decoding: words.prefix { $0 != 0 }, as: UTF8.self))
        }
        var status = 0
        unsafe _ = curl_get_status(handle, &status)
        return Answer(status: status, body: body)
    }

    private func failure(_ result: CURLcode, _ words: String) -> Failure {
        let reason = words.isEmpty ? unsafe String(cString: curl_easy_strerror(result)) : words
        return Failure(
            reason: reason, isDistrust: result == CURLE_PEER_FAILED_VERIFICATION || result == CURLE_SSL_CACERT_BADFILE)
    }
}
