internal import Ledger
internal import LibPQ
internal import RDKafka

/// What is done about an error: the one table that decides (docs/reference/errors.md shows it).
enum ErrorClass {
    /// It passes by itself: back off and try again, still polling.
    case retry
    /// The entity's table or statements do not fit: the entity stops with the reason and is tried now and then; others go on.
    case stopEntity
    /// A row does not fit: find it, set it aside, park its key.
    case quarantine
    /// Nothing will come of trying: the process ends.
    case stopProcess

    /// The class of an error.
    init(_ error: any Error) {
        switch error {
        case let error as PostgresError: self = error.sqlState.map(Self.init(state:)) ?? .retry
        case is DefectFound, is Clash, is MissingParent, is ParkedFault: self = .quarantine
        case let error as SyncError: self = Self.init(code: error.code)
        case let error as KafkaError: self = error.isFatal ? .stopProcess : .retry
        case let error as LedgerError: self = error.code == .tooNew ? .stopProcess : .retry
        default: self = .retry
        }
    }

    /// By SQLSTATE: whole classes by their two characters, and single states.
    private init(state: SQLState) {
        switch (state.classCode, state.rawValue) {
        // Cardinality, data, integrity, view checks; exceptions of users' own triggers; a row that is too large.
        case ("21", _), ("22", _), ("23", _), ("44", _), ("P0", _), ("54", _): self = .quarantine
        // Unknown or changed tables and columns, rights, features, schemas; objects in a wrong state; a guard in our way.
        case ("42", _), ("0A", _), ("3F", _), (_, "55000"), ("TG", _): self = .stopEntity
        // Connections, transactions, resources, operators, locks; logins that may be mended, standbys that may be promoted.
        default: self = .retry
        }
    }

    private init(code: SyncError.Code) {
        self =
            switch code {
            case .unavailable, .awaited, .ownedByTarget: .quarantine
            case .needsSource, .breaker, .tooManyWaiting, .drift: .stopEntity
            case .notVisible, .missingTopic, .notDrained, .stopped: .retry
            case .configuration, .routing, .notInForce: .stopProcess
            }
    }
}

/// A failure that is about one entity, so that the others need not wait for it.
struct EntityFailure: Error, CustomStringConvertible {
    /// The entity's place in the playbook.
    let entity: Int
    let cause: any Error

    var description: String { "\(cause)" }
}
