import Foundation

#if canImport(Glibc)
import Glibc
#endif

/// A small file system in memory, mounted in a folder of its own.
public final class SmallDisk {
    /// A folder on it that a PostgreSQL server can use.
    public let path: String
    private let root: String
    private let megabytes: Int

    /// Whether this process may mount one.
    public static let isPossible: Bool = {
        guard geteuid() == 0, let disk = try? SmallDisk(megabytes: 1) else { return false }
        disk.unmount()
        return true
    }()

    /// Mounts one.
    public init(megabytes: Int) throws {
        self.megabytes = megabytes
        root = FileManager.default.temporaryDirectory.appendingPathComponent("tidegate-disk.\(UUID().uuidString)").path
        path = "\(root)/space"
        try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
        guard mount("tmpfs", root, "tmpfs", 0, "size=\(megabytes)m,mode=0777") == 0 else {
            rmdir(root)
            throw Unexpected(description: "no file system can be mounted: \(String(cString: strerror(errno)))")
        }
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        guard chmod(path, 0o777) == 0, let account = getpwnam("postgres"),
            chown(path, account.pointee.pw_uid, account.pointee.pw_gid) == 0
        else {
            unmount()
            throw Unexpected(description: "there is no account postgres to give the file system to")
        }
    }

    /// Fills it up.
    public func fill(leaving free: Int) throws {
        let filler = Data(count: (megabytes - free) << 20)
        try? filler.write(to: URL(fileURLWithPath: "\(root)/filler"))
    }

    /// Makes room again.
    public func empty() throws { try FileManager.default.removeItem(atPath: "\(root)/filler") }

    /// Ends it; what still uses it keeps it until then.
    public func unmount() {
        umount2(root, Int32(MNT_DETACH))
        rmdir(root)
    }
}
