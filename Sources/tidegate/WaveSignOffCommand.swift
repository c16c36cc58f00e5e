import ArgumentParser
import Foundation
import Ledger
import Model
import Playbook
import Waves

extension WaveCommand {
    struct SignOff: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Accept what was found of a verified wave.",
            discussion: """
                Without --evidence it shows what was found and its hash. A sign-off names that hash, so that nobody signs what \
                has changed since they looked, and is refused for who has had the wave run. When the playbook's gate is \
                passed, the next `tidegate wave run` makes the wave live.
                """)

        @OptionGroup var subject: Subject

        @Option(help: "The hash of the evidence that is accepted.")
        var evidence: String?

        @Option(help: "Why, for the audit trail.")
        var reason: String?

        func validate() throws {
            guard evidence != nil else { return }
            if reason?.allSatisfy(\.isWhitespace) ?? true { throw ValidationError("--evidence needs a --reason.") }
        }

        func run() throws {
            try orExplain {
                let (playbook, ledger) = try subject.open()
                let waves = Waves(on: ledger)
                guard let evidence, let reason else {
                    guard let found = try waves.evidence(of: subject.name) else {
                        throw CommandFailure(
                            "nothing was found of wave \(subject.wave) yet; run it, so that it is verified")
                    }
                    print(found.text)
                    return print("evidence: \(found.hash)")
                }
                try waves.sign(subject.name, evidence: evidence, by: Actor.current, reason: reason)
                print("wave \(subject.wave): evidence \(evidence) is signed off by \(Actor.current)")
                let reasons = try SignOffGate(playbook.gates.signOff, of: subject.name, on: ledger).reasons()
                for reason in reasons { print("it goes no further: \(reason)") }
                if !reasons.isEmpty { throw ExitStatus.foundProblems }
            }
        }
    }

    struct Bundle: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Write a wave's evidence into one signed archive, or check one without any database.",
            subcommands: [Write.self, Verify.self], defaultSubcommand: Write.self)
    }
}

extension WaveCommand.Bundle {
    struct Write: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Write evidence, certificates, manifest, sign-offs and the audit trail into one signed archive.",
            discussion: """
                The key is an Ed25519 private key in PEM form, as `openssl genpkey -algorithm ed25519` makes one. Rows are in \
                the archive by the digests of their keys, unless --keys is given.
                """)

        @OptionGroup var subject: WaveCommand.Subject

        @Option(name: .shortAndLong, help: "The file to write, a gzipped tar archive.")
        var output: String

        @Option(help: "The file of the private key.")
        var key: String

        @Flag(help: "Put the keys of the rows in, too.")
        var keys = false

        func run() throws {
            try orExplain {
                try WaveBundle(of: subject.name, on: subject.open().ledger).write(
                    to: output, signingKey: key, keys: keys)
                print("\(output): the bundle of wave \(subject.wave)")
            }
        }
    }

    struct Verify: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Check that a bundle is whole and signed by the key's owner.",
            discussion: "\(ExitStatus.help("it holds", problems: "it was changed, or signed with another key"))")

        @Argument(help: "The bundle.")
        var file: String

        @Option(help: "The file of the public key, as `openssl pkey -pubout` gives it.")
        var key: String

        @Flag(help: "Print one JSON object instead of words.")
        var json = false

        func run() throws {
            try orExplain {
                do {
                    let verdict = try BundleCheck.run(file, publicKey: key)
                    if json { return print(try JSONOutput.pretty(verdict)) }
                    let signed = verdict.signedOffBy.isEmpty ? "nobody" : verdict.signedOffBy.joined(separator: ", ")
                    print(
                        """
                        \(file): holds
                        wave \(verdict.wave): \(verdict.outcome ?? "not verified"), signed off by \(signed)
                        evidence: \(verdict.evidence)
                        audit trail: \(verdict.auditLines) lines, each follows from the one before
                        """)
                } catch let error as BundleError where [.signature, .content].contains(error.code) {
                    print("\(file): does not hold: \(error)")
                    throw ExitStatus.foundProblems
                }
            }
        }
    }
}
