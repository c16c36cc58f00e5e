import LibPQ
public import Model

/// An event that could not be applied, with its bytes.
public struct QuarantinedEvent: Sendable {
    public let flow: Flow
    public let entity: EntityID?
    public let partition: TopicPartition
    public let offset: Int64
    /// The source key, when it could be read.
    public let key: [String]?
    /// A word: `undecodable`, `rejected`, `behind` and the like.
    public let reason: String
    public let sqlState: String?
    /// What was wrong, without row values.
    public let message: String
    public let eventKey: [UInt8]?
    public let eventValue: [UInt8]?
    /// The headers as a JSON object of texts, or nil.
    public let headers: String?
    /// All headers as a JSON array of name and value in hexadecimal, or nil when there are none.
    public var allHeaders: String?
    /// What would let it be applied, as far as that is known.
    public var obstacle: Obstacle?

    /// What keeps an event from being applied that another row may do away with.
    public enum Obstacle: Hashable, Sendable {
        /// A row of the target has its unique value; the target key of that row.
        case holder([String])
        /// The row that it points at is not there: the foreign key's constraint, and the values that are looked for in the
        /// columns that it refers to.
        case parent(constraint: String, key: [String])
    }

    /// An event to set aside.
    public init(
        flow: Flow, entity: EntityID?, partition: TopicPartition, offset: Int64, key: [String]?, reason: String,
        sqlState: String?, message: String, eventKey: [UInt8]?, eventValue: [UInt8]?, headers: String?
    ) {
        self.flow = flow
        self.entity = entity
        self.partition = partition
        self.offset = offset
        self.key = key
        self.reason = reason
        self.sqlState = sqlState
        self.message = message
        self.eventKey = eventKey
        self.eventValue = eventValue
        self.headers = headers
    }

    /// The columns `held_by`, `awaited` and `awaited_key`.
    struct Waiting {
        let parameters: [Parameter]

        init(_ obstacle: Obstacle?) {
            parameters =
                switch obstacle {
                case .holder(let key): [.array(key), .null, .null]
                case .parent(let constraint, let key): [.null, .text(constraint), .array(key)]
                case nil: [.null, .null, .null]
                }
        }
    }
}
