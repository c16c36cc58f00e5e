internal import ChangeEvents
internal import Logging
internal import Model

/// A lane and the contracts with the source.
extension Lane {
    /// Looks at the source's catalog, if it is time to; what keeps that from being done is tried again the next time.
    func watchSource() {
        guard batch.isEmpty, ContinuousClock.now >= nextWatch, let ledger = connections.ledger else { return }
        // With jitter, so that many lanes do not ask at the same time.
        nextWatch = .now + watchInterval * Double.random(in: 0.8...1.2)
        do {
            try watch.readBarriers(ledger)
            try watch.look(at: mine, ledger: ledger)
        } catch {
            logger.info("source's catalog not compared", metadata: ["lane": "\(number)", "error": "\(error)"])
        }
    }

    /// Decides about a message that may be of another contract, when everything before it is applied.
    ///
    /// - Returns: whether it may be taken.
    func judge(_ question: ContractWatch.Question) -> Bool {
        guard batch.isEmpty, let ledger = connections.ledger else { return false }
        do {
            try watch.judge(question, ledger: ledger)
            return true
        } catch let failure as EntityFailure {
            stop(failure)
        } catch {
            pause(after: error, &startBackoff)
        }
        return false
    }

    /// Notes what the connector has announced, when everything before it is applied.
    func note(_ tables: [AnnouncedTable], _ record: String) -> Bool {
        guard batch.isEmpty, let ledger = connections.ledger else { return false }
        do {
            try watch.note(tables, record, ledger)
            return true
        } catch {
            pause(after: error, &startBackoff)
            return false
        }
    }

    /// Rows that are rejected may be the first of another contract: then it is not they that are wrong. Without an answer of
    /// the source they are set aside, from where they come back.
    func lookBeforeIsolating() throws {
        let taken = batch.entities.indices.filter { !batch.entities[$0].isEmpty }
        guard watch.canLook, let ledger = connections.ledger else { return }
        let failure: EntityFailure?
        do {
            failure = try watch.look(at: taken, ledger: ledger)
        } catch {
            return logger.info("source's catalog not compared", metadata: ["lane": "\(number)", "error": "\(error)"])
        }
        if let failure { throw failure }
    }

    private var mine: [Int] {
        watch.entities.indices.filter { watch.entities[$0] != nil && !taker.partitions(of: $0).isEmpty }
    }
}
