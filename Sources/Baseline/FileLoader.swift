import Foundation
import Ledger
import LibPQ
import Model
import Playbook

/// Loads an entity from `<entity>.csv`, through the same stage and mapping. The file is one chunk, and keys that the
/// stream has touched are left alone: the stream has been sent back to its beginning and brings all that is newer.
final class FileLoader: ChunkSource {
    let target: TargetSession
    let options: LoadOptions
    let chunks: Chunks
    let worker: Int

    init(_ options: LoadOptions, for playbook: Playbook, name: String) throws {
        self.options = options
        target = try TargetSession(options, for: playbook, name: name)
        chunks = Chunks(on: target.connection)
        worker = try Workers(on: target.connection).register(name)
    }

    func load(_ chunk: Chunk, of entity: LoadingEntity) throws -> ChunkOutcome {
        let connection = target.connection
        let statements = entity.entity.statements
        try connection.execute(statements.createStage)
        try connection.execute(entity.sql.createNewer)
        let types = try connection.query(entity.sql.newerTypes).rows.compactMap { $0[0] }
        return try target.transaction {
            var file = try ExportedFile(folder: options.folder ?? ".", entity: entity.entity)
            var digest = RowDigest()
            let copy = "COPY \(statements.stage) (\(file.columns)) FROM STDIN (FORMAT csv, HEADER true)"
            let rows = try connection.copyIn(copy) { writer in
                try file.forEachPart { part in
                    digest.add(part)
                    try writer.write(part)
                }
            }
            try options.pause(.afterRead)
            try connection.query(
                "DELETE FROM \(statements.rawStage) WHERE (\(entity.sql.scope.stagePredicate)) IS NOT TRUE")
            try connection.execute(entity.id.lock(.merge))
            try chunks.hold(chunk)
            try connection.query(entity.sql.fillNewer(types: types), [.null])
            try connection.query(entity.sql.dropNewer)
            let writer = StageWriter(
                entity: entity, target: target, origin: "baseline/\(entity.wave)", present: file.present,
                postponesViolations: false)
            let aside = try writer.write()
            if aside > 0 { options.report(.quarantined(entity.name, rows: aside)) }
            let outcome = ChunkOutcome(snapshot: nil, rows: rows, bytes: file.bytesRead, digest: digest.value)
            try chunks.complete(chunk, outcome)
            try options.pause(.beforeCommit)
            return outcome
        }
    }
}
