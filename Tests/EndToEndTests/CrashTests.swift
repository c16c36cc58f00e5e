import Foundation
import LibPQ
import Sandbox
import TestSupport
import Testing

extension EndToEnd {
    /// Whatever is killed, whenever: every change has its effect once.
    struct CrashTests {
        /// Kills of the sync that a test makes.
        private static let kills = 20

        @Test(.timeLimit(.minutes(5)))
        func everyChangeHasItsEffectOnceWhateverIsKilled() throws {
            let seed = Seed.make("everyChangeHasItsEffectOnceWhateverIsKilled")
            var generator = SeededGenerator(seed: seed)
            try withSite(
                limits: "{ lanes: 2, batch_rows: 80, load_workers: 2, source_connections: 2, chunk_bytes: 131072 }"
            ) {
                site in
                try WriteAction.fill(site.connect(site.source), accounts: 4_000)
                var capture = try site.start("capture")
                try site.waitForSlot(capture)
                let load = try WriteLoad(site, writers: 3, seed: seed)
                var waves = ["first", "rest"][...]
                var loader: TidegateRun?
                for kill in 1...Self.kills {
                    // A group of its own each time: the broker would wait for the dead member's session to expire.
                    let sync = try site.start("sync", "--group", "crash-\(kill)")
                    let before = try site.consumed()
                    if !kill.isMultiple(of: 5) {
                        try waitUntil("sync number \(kill) applies", state: { sync.logTail }) {
                            try sync.checkRunning()
                            return try site.consumed() > before
                        }
                    }
                    Thread.sleep(forTimeInterval: .random(in: 0...0.8, using: &generator))
                    sync.crash()
                    if kill.isMultiple(of: 4) {
                        capture.crash()
                        capture = try site.start("capture")
                    } else {
                        try capture.checkRunning()
                    }
                    try crashOrGoOn(&loader, &waves, site, &generator)
                }
                let sync = try site.start("sync", "--group", "crash-last")
                func checkRunning() throws {
                    try sync.checkRunning()
                    try capture.checkRunning()
                }
                // What is loading is loaded to its end, and then what has not been loaded yet.
                loader?.crash()
                for wave in waves {
                    let last = try site.start("load", wave)
                    #expect(try last.waitForExit(within: 90) == 0, "\(last.logTail)")
                }
                let tally = try load.stop()
                print("written: \(tally)")
                try site.waitForDrain(while: checkRunning)
                try site.expectIdentical()
                try site.expectAccountedFor()
                #expect(try site.watch("SELECT count(*) FROM tidegate.scope WHERE state <> 'live'") == "0")
                #expect(try sync.terminate() == 0)
                #expect(try capture.terminate() == 0)
            }
        }

        /// Starts a load of the first wave that is not loaded, or kills one that runs, or sees that it has ended.
        private func crashOrGoOn(
            _ loader: inout TidegateRun?, _ waves: inout ArraySlice<String>, _ site: Site,
            _ generator: inout SeededGenerator
        ) throws {
            guard let wave = waves.first else { return }
            if let running = loader {
                if running.isRunning {
                    if Bool.random(using: &generator) { running.crash() }
                } else {
                    #expect(try running.waitForExit() == 0, "\(running.logTail)")
                    waves.removeFirst()
                }
                if !running.isRunning { loader = nil }
            } else {
                loader = try site.start("load", wave)
            }
        }

        /// Asked to end, a sync commits what it has taken; another goes on where it stopped, and reads nothing again.
        @Test(.timeLimit(.minutes(2)))
        func terminationDrainsAndTheNextGoesOn() throws {
            let seed = Seed.make("terminationDrainsAndTheNextGoesOn")
            try withSite { site in
                try WriteAction.prepareEmpty(site.connect(site.source))
                try site.makeLive()
                let capture = try site.start("capture")
                try site.waitForSlot(capture)
                let load = try WriteLoad(site, writers: 2, seed: seed)
                for round in 1...3 {
                    let sync = try site.start("sync")
                    let before = try site.consumed()
                    try waitUntil("sync number \(round) applies", state: { sync.logTail }) {
                        try sync.checkRunning()
                        return try site.consumed() > before
                    }
                    #expect(try sync.terminate(within: 15) == 0, "\(sync.logTail)")
                    try waitUntil("its sessions have ended") {
                        try site.watch(
                            """
                            SELECT count(*) FROM pg_stat_activity
                            WHERE application_name LIKE 'tidegate lane%' AND datname = current_database()
                            """) == "0"
                    }
                }
                try load.stop()
                let sync = try site.start("sync")
                try site.waitForDrain(while: sync.checkRunning)
                try site.expectIdentical()
                try site.expectAccountedFor()
                #expect(try site.skipped("replay") == 0)
                #expect(try sync.terminate() == 0)
            }
        }
    }
}
