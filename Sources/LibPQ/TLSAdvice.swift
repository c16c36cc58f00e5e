/// What to look at when a connection failed in TLS. libpq has only words for that: they choose the advice, and decide nothing.
enum TLSAdvice {
    /// The certificate has no valid chain to an authority that is trusted. libpq does not say whether it has expired.
    case distrust
    /// The certificate is for another host.
    case otherHost
    /// The server speaks no TLS.
    case noTLS
    /// The server, or its rules, wants a certificate of the client.
    case clientCertificate

    /// By libpq's words; nil when they are about something else.
    init?(_ words: String) {
        if words.contains("does not match host name") {
            self = .otherHost
        } else if words.contains("certificate verify failed") {
            self = .distrust
        } else if words.contains("server does not support SSL") {
            self = .noTLS
        } else if words.contains("certificate required") || words.contains("tlsv1 alert") {
            self = .clientCertificate
        } else {
            return nil
        }
    }

    func text(for string: ConnectionString) -> String {
        switch self {
        case .distrust:
            """
            expected: a certificate that has not expired, signed by an authority in sslrootcert \
            (\(string["sslrootcert"] ?? "~/.postgresql/root.crt")); advice: openssl s_client -starttls postgres -connect \
            \(string.host ?? "localhost"):\(string.port ?? "5432") shows the server's certificate and its dates
            """
        case .otherHost:
            """
            expected: a certificate for the host as the connection string names it; advice: write a name that the \
            certificate has, with hostaddr for the address if need be, or have the server's certificate renewed
            """
        case .noTLS:
            """
            expected: TLS, as sslmode=\(string["sslmode"] ?? "") demands; advice: set ssl = on in the server, or ask for \
            less where the network is trusted
            """
        case .clientCertificate:
            """
            expected: a client certificate that the server trusts; advice: name one with sslcert and its key with sslkey
            """
        }
    }
}
