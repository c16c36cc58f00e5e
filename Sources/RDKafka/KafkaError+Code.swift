import CRDKafka

extension KafkaError {
    /// A librdkafka or broker error number. Negative numbers are the client's own, positive ones the broker's.
    public struct Code: RawRepresentable, Sendable, Hashable, CustomStringConvertible {
        /// The number, as in `rd_kafka_resp_err_t`.
        public let rawValue: Int32

        /// Any number; unknown ones are printed as such.
        public init(rawValue: Int32) { self.rawValue = rawValue }

        /// librdkafka's name of the error, such as `UNKNOWN_TOPIC_OR_PART` or `_TRANSPORT`.
        public var description: String {
            unsafe String(cString: rd_kafka_err2name(rd_kafka_resp_err_t(rawValue: rawValue)))
        }

        /// librdkafka's sentence for the error.
        public var explanation: String {
            unsafe String(cString: rd_kafka_err2str(rd_kafka_resp_err_t(rawValue: rawValue)))
        }
    }
}

extension KafkaError.Code {
    /// A connection to a broker failed or was lost.
    public static let transport = Self(rawValue: -195)
    /// A broker's name could not be resolved.
    public static let resolve = Self(rawValue: -193)
    /// A message was not delivered within `message.timeout.ms`.
    public static let messageTimedOut = Self(rawValue: -192)
    /// The reader is at the end of the partition (only with `enable.partition.eof`).
    public static let partitionEOF = Self(rawValue: -191)
    /// The partition does not exist.
    public static let unknownPartition = Self(rawValue: -190)
    /// The topic does not exist, in the client's view.
    public static let unknownTopic = Self(rawValue: -188)
    /// No broker can be reached.
    public static let allBrokersDown = Self(rawValue: -187)
    /// A property or an argument is unknown or invalid.
    public static let invalidArgument = Self(rawValue: -186)
    /// The call did not finish in its time.
    public static let timedOut = Self(rawValue: -185)
    /// The producer's queue is full: wait for deliveries and try again.
    public static let queueFull = Self(rawValue: -184)
    /// The client looks for the group's coordinator.
    public static let waitingForCoordinator = Self(rawValue: -180)
    /// TLS failed.
    public static let tls = Self(rawValue: -181)
    /// The call does not fit the client's state.
    public static let state = Self(rawValue: -172)
    /// SASL authentication failed, in the client's view.
    public static let authentication = Self(rawValue: -169)
    /// There is no offset to start from.
    public static let noOffset = Self(rawValue: -168)
    /// The message was dropped from the queue by a purge or an abort.
    public static let purgedQueue = Self(rawValue: -152)
    /// The message was dropped in flight by a purge or an abort: it may or may not be in the log.
    public static let purgedInFlight = Self(rawValue: -151)
    /// The client can do no more work.
    public static let fatal = Self(rawValue: -150)
    /// The consumer was not polled within `max.poll.interval.ms` and has left the group.
    public static let maxPollExceeded = Self(rawValue: -147)
    /// Another producer with the same transactional id has taken over.
    public static let fenced = Self(rawValue: -144)
    /// The assignment was lost before it could be given back.
    public static let assignmentLost = Self(rawValue: -142)
    /// The offset asked for is not in the log (any more) and `auto.offset.reset` is `error`.
    public static let autoOffsetReset = Self(rawValue: -140)
    /// The offset asked for is not in the log, in the broker's words.
    public static let offsetOutOfRange = Self(rawValue: 1)
    /// The broker does not know the topic or partition.
    public static let unknownTopicOrPartition = Self(rawValue: 3)
    /// The partition has no leader at the moment.
    public static let leaderNotAvailable = Self(rawValue: 5)
    /// The broker is not the leader of the partition (any more).
    public static let notLeader = Self(rawValue: 6)
    /// The broker gave up in its own time.
    public static let requestTimedOut = Self(rawValue: 7)
    /// The message is larger than the broker or `message.max.bytes` allows.
    public static let messageTooLarge = Self(rawValue: 10)
    /// The broker lost its connection before it could answer.
    public static let networkException = Self(rawValue: 13)
    /// The coordinator is loading.
    public static let coordinatorLoading = Self(rawValue: 14)
    /// There is no coordinator at the moment.
    public static let coordinatorNotAvailable = Self(rawValue: 15)
    /// The broker is not the coordinator (any more).
    public static let notCoordinator = Self(rawValue: 16)
    /// Too few replicas are in sync.
    public static let notEnoughReplicas = Self(rawValue: 19)
    /// The message is written, and then too few replicas were in sync.
    public static let notEnoughReplicasAfterAppend = Self(rawValue: 20)
    /// The member belongs to an older generation of the group.
    public static let illegalGeneration = Self(rawValue: 22)
    /// The group does not know the member.
    public static let unknownMember = Self(rawValue: 25)
    /// The group is rebalancing.
    public static let rebalanceInProgress = Self(rawValue: 27)
    /// The topic may not be read or written.
    public static let topicAuthorizationFailed = Self(rawValue: 29)
    /// The group may not be joined.
    public static let groupAuthorizationFailed = Self(rawValue: 30)
    /// The cluster does not allow the operation.
    public static let clusterAuthorizationFailed = Self(rawValue: 31)
    /// The topic is already there.
    public static let topicAlreadyExists = Self(rawValue: 36)
    /// The broker does not allow the operation, by policy.
    public static let policyViolation = Self(rawValue: 44)
    /// The broker refused the credentials.
    public static let saslAuthenticationFailed = Self(rawValue: 58)
    /// A disk of the broker failed.
    public static let storageError = Self(rawValue: 56)

    /// The client's idea of the leader is older than the broker's.
    public static let fencedLeaderEpoch = Self(rawValue: 74)
    /// The broker's idea of the leader is older than the client's.
    public static let unknownLeaderEpoch = Self(rawValue: 75)

    /// Which properties of the client to look at; nil when it is not about them.
    var advice: String? {
        switch self {
        case .tls:
            """
            look at ssl.ca.location (the authority that has signed the broker's certificate), at the certificate's dates, \
            and whether it is for the host that the brokers are named by, advertised ones too
            """
        case .authentication, .saslAuthenticationFailed:
            "look at sasl.mechanism, sasl.username and sasl.password"
        default: nil
        }
    }

    /// Whether waiting can mend it: connections, leadership, coordinators, timeouts, full queues, and a membership that the
    /// group has ended, for the client joins again.
    public var isTransient: Bool { Self.transient.contains(self) }

    private static let transient: Set<Self> = [
        .transport, .resolve, .allBrokersDown, .timedOut, .queueFull, .messageTimedOut, .leaderNotAvailable,
        .notLeader, .requestTimedOut, .coordinatorLoading, .coordinatorNotAvailable, .notCoordinator,
        .notEnoughReplicas, .notEnoughReplicasAfterAppend, .networkException, .waitingForCoordinator,
        .fencedLeaderEpoch, .unknownLeaderEpoch, .rebalanceInProgress, .illegalGeneration, .unknownMember,
        .storageError,
    ]
}
