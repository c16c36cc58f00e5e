import Foundation
import LibPQ
import TestSupport
import Testing

#if canImport(Glibc)
import Glibc
#endif

extension EndToEnd {
    /// Several processes share the partitions of one group.
    struct GroupTests {
        @Test(.timeLimit(.minutes(4)))
        func processesComeAndGoAndAZombieWritesNothing() throws {
            let seed = Seed.make("processesComeAndGoAndAZombieWritesNothing")
            try withSite { site in
                try WriteAction.prepareEmpty(site.connect(site.source))
                try site.makeLive()
                let capture = try site.start("capture")
                try site.waitForSlot(capture)
                let load = try WriteLoad(site, writers: 3, seed: seed)

                let first = try site.start("sync")
                try waitForOwners([first], of: site)
                // One joins: both have partitions.
                let zombie = try site.start("sync")
                try waitForOwners([first, zombie], of: site)
                // It is paused for longer than its session, wherever it is in its work: the other has everything.
                zombie.signal(SIGSTOP)
                try waitForOwners([first], of: site)
                let fences = try site.fences()
                let consumed = try site.consumed()
                try waitUntil("the other goes on") { try site.consumed() > consumed + 200 }
                zombie.signal(SIGCONT)
                // It finds out, and comes back as a member like any other.
                try waitForOwners([first, zombie], of: site)
                #expect(try site.fences() > fences)
                // A third joins, the first is killed, the second leaves in order.
                let third = try site.start("sync")
                try waitForOwners([first, zombie, third], of: site)
                first.crash()
                try waitForOwners([zombie, third], of: site)
                #expect(try zombie.terminate() == 0, "\(zombie.logTail)")
                try waitForOwners([third], of: site)

                try load.stop()
                try site.waitForDrain(while: third.checkRunning)
                try site.expectIdentical()
                try site.expectAccountedFor()
                #expect(try site.skipped("replay") == 0)
                #expect(try third.terminate() == 0)
            }
        }

        /// Waits until these processes, and no others, hold the claims of all partitions, and each has some.
        private func waitForOwners(_ runs: [TidegateRun], of site: Site) throws {
            let wanted = Set(runs.map { String($0.processID) })
            let target = try site.connect(site.target)
            var owners: Set<String> = []
            try waitUntil(
                "partitions belong to \(wanted)", within: .seconds(45),
                state: { "they belong to \(owners)\n" + runs.map(\.logTail).joined(separator: "\n") }
            ) {
                let rows = try target.execute(
                    "SELECT DISTINCT substring(owner from '[0-9]+$') FROM tidegate.checkpoint WHERE owner IS NOT NULL"
                ).rows
                owners = Set(rows.compactMap { $0[0] })
                let known = try target.execute("SELECT count(*) FROM tidegate.checkpoint").scalar
                return owners == wanted && known == String(Site.topics.values.reduce(0, +))
            }
        }
    }
}

extension Site {
    /// How often partitions were claimed, in all.
    func fences() throws -> Int { Int(try watch("SELECT sum(fence) FROM tidegate.checkpoint") ?? "") ?? 0 }
}
