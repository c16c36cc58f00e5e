import Foundation
public import Model
import Vault

/// A text that may hold references to secrets, `${env:NAME}`, `${file:/path}` and `${vault:mount/data/path#field}`; they are
/// looked up when it is used.
public struct SecretText: Sendable, CustomStringConvertible {
    enum Piece: Hashable, Sendable {
        case literal(String)
        case environment(String)
        case file(String)
        case vault(VaultSecret)
    }

    let pieces: [Piece]
    /// Where the text stands in the playbook.
    public let location: FileLocation

    /// Reads the references in `text`.
    ///
    /// - Throws: a sentence naming what is wrong with a reference, as `Malformed`.
    public init(_ text: String, at location: FileLocation) throws(Malformed) {
        var pieces: [Piece] = []
        var rest = Substring(text)
        while let open = rest.range(of: "${") {
            if open.lowerBound > rest.startIndex { pieces.append(.literal(String(rest[..<open.lowerBound]))) }
            guard let close = rest[open.upperBound...].firstIndex(of: "}") else {
                throw Malformed(message: "a reference is opened with ${ and never closed")
            }
            let reference = rest[open.upperBound..<close]
            if reference.hasPrefix("env:"), reference.count > 4 {
                pieces.append(.environment(String(reference.dropFirst(4))))
            } else if reference.hasPrefix("file:"), reference.count > 5 {
                pieces.append(.file(String(reference.dropFirst(5))))
            } else if reference.hasPrefix("vault:"), let secret = VaultSecret(reference.dropFirst(6)) {
                pieces.append(.vault(secret))
            } else {
                throw Malformed(message: "\"${\(reference)}\" is not a reference to a secret")
            }
            rest = rest[rest.index(after: close)...]
        }
        if !rest.isEmpty || pieces.isEmpty { pieces.append(.literal(String(rest))) }
        self.pieces = pieces
        self.location = location
    }

    /// How a reference is written.
    static let forms = "${env:NAME}, ${file:/path} or ${vault:mount/data/path#field}"

    /// What is wrong with a reference.
    public struct Malformed: Error, CustomStringConvertible {
        public let message: String
        public var description: String { "\(message); expected \(SecretText.forms)" }
    }

    /// The text with its references replaced by what they refer to; a file's last line break is dropped. Vault is asked over
    /// the network, which blocks the thread for some seconds at most.
    ///
    /// - Throws: `PlaybookError` of code `missingSecret` with the place in the playbook.
    public func resolve(
        environment: [String: String]? = nil
    ) throws(PlaybookError) -> Redacted<String> {
        var text = ""
        for piece in pieces {
            switch piece {
            case .literal(let literal): text += literal
            case .environment(let name):
                guard let value = (environment ?? ProcessInfo.processInfo.environment)[name] else {
                    throw missing(
                        "the environment variable \(name) is not set",
                        expected: "a value in the environment of the process", advice: "export \(name)=...")
                }
                text += value
            case .file(let path):
                guard let data = FileManager.default.contents(atPath: path) else {
                    throw missing(
                        "the file \(path) cannot be read", expected: "a file with the secret",
                        advice: "create it, readable for the user that runs tidegate only")
                }
                guard var value = String(data: data, encoding: .utf8) else {
                    throw missing("the file \(path) is not UTF-8 text", expected: "text", advice: nil)
                }
                if value.hasSuffix("\r\n") { value.removeLast() } else if value.hasSuffix("\n") { value.removeLast() }
                text += value
            case .vault(let secret):
                do {
                    text += try VaultClient(environment: environment ?? ProcessInfo.processInfo.environment)
                        .read(secret).reveal()
                } catch {
                    throw missing(error.message, expected: error.expected, advice: error.advice)
                }
            }
        }
        return Redacted(text)
    }

    /// The literal parts, references left as they are: for looking at, never for use.
    var isLiteral: Bool { pieces.allSatisfy { if case .literal = $0 { true } else { false } } }

    /// Whether it is this text, without a reference to anything.
    func isLiteral(_ text: String) -> Bool {
        pieces.count == 1 && pieces.allSatisfy { if case .literal(text) = $0 { true } else { false } }
    }

    /// Whether a password stands in the text itself instead of being referred to.
    public var holdsPlainPassword: Bool {
        var text = ""
        for piece in pieces {
            if case .literal(let literal) = piece { text += literal } else { text += "\u{0}" }
        }
        let secret: Substring?
        if text.hasPrefix("postgres://") || text.hasPrefix("postgresql://") {
            let authority = text.drop { $0 != "/" }.dropFirst(2).prefix { $0 != "/" && $0 != "?" }
            let user = authority.lastIndex(of: "@").map { authority[..<$0] }
            secret =
                user.flatMap { user in user.firstIndex(of: ":").map { user[user.index(after: $0)...] } }
                ?? Self.value(of: "password=", in: text, endingAt: "&")
        } else {
            secret = Self.value(of: "password=", in: text, endingAt: " ")
        }
        guard let secret else { return false }
        return secret.contains { $0 != "\u{0}" }
    }

    private static func value(of name: String, in text: String, endingAt end: Character) -> Substring? {
        text.range(of: name).map { text[$0.upperBound...].prefix { $0 != end } }
    }

    private func missing(_ message: String, expected: String, advice: String?) -> PlaybookError {
        PlaybookError(
            .missingSecret, "a secret of the playbook is not there",
            findings: [Finding(.error, .missingSecret, at: location, message, expected: expected, advice: advice)])
    }

    public var description: String { isLiteral ? "<text>" : "<secret>" }
}
