/// What another session sent by NOTIFY.
public struct Notification: Hashable, Sendable {
    /// The channel.
    public let channel: String
    /// The text sent along, or empty.
    public let payload: String
    /// The server's process of the sending session.
    public let senderPID: Int32
}
