internal import ChangeEvents
internal import Model
internal import Playbook

extension EntityBatch {
    /// What there is to do about the key changes of a batch.
    struct Moves {
        /// Whether there are any.
        var isEmpty = true
        /// Whether the other half of one is not in the batch.
        var hasOpen = false
        /// Whether a row arrives.
        var hasArrivals = false
        /// Whether a row arrives at a key that was deleted earlier in the batch.
        var hasFresh = false
    }

    /// A key change of the batch, by what its halves share.
    private struct Halves {
        var departure: Int?
        var arrival: Int?
    }

    /// Writes halves of key changes in COPY's text format, as `KeyMoves.copy` takes them.
    func writeMoves(_ staged: Staged, into buffer: CopyBuffer) -> Moves {
        var order: [[UInt8]] = []
        var halves: [[UInt8]: Halves] = [:]
        for row in staged.moves {
            guard let identity = identity(of: row) else { continue }
            if halves[identity] == nil { order.append(identity) }
            // One half may come twice, when the connector sends events again: the one that leads to an image counts.
            if rows.header(row).keyChange == .movedTo {
                halves[identity, default: Halves()].departure = row
            } else if halves[identity]?.arrival.map(isFinalArrival) != true {
                halves[identity, default: Halves()].arrival = row
            }
        }
        var moves = Moves()
        for identity in order {
            guard let pair = halves[identity], let row = pair.arrival ?? pair.departure else { continue }
            moves.isEmpty = false
            let isPaired = pair.arrival != nil && pair.departure != nil
            if !isPaired { moves.hasOpen = true }
            let final = reducer.finalRow(of: row, in: rows)
            let arrives = pair.arrival != nil && isFinalArrival(row)
            let isFresh = arrives && reducer.images[final].isFresh
            if arrives { moves.hasArrivals = true }
            if isFresh { moves.hasFresh = true }
            let flags = (isPaired: isPaired, isFresh: isFresh, isPartial: arrives && isPartial(final))
            write(row, half: pair.arrival == nil ? 0x64 : arrives ? 0x63 : 0x78, flags, buffer)
        }
        return moves
    }

    private func write(
        _ row: Int, half: UInt8, _ flags: (isPaired: Bool, isFresh: Bool, isPartial: Bool), _ buffer: CopyBuffer
    ) {
        let header = rows.header(row)
        let departs = header.keyChange == .movedTo
        for isNew in [false, true] {
            for column in entity.sourceKey {
                buffer.append(rows.bytes(of: key(of: row, column, isOther: isNew == departs)))
                buffer.append(0x09)
            }
        }
        if let transaction = header.transaction {
            buffer.append(decimal: Int64(transaction))
        } else {
            buffer.appendNull()
        }
        buffer.append(0x09)
        buffer.append(copyText: position(header))
        buffer.append(0x09)
        buffer.append(half)
        for flag in [flags.isPaired, flags.isFresh, flags.isPartial] {
            buffer.append(0x09)
            buffer.append(flag ? 0x74 : 0x66)
        }
        buffer.append(0x0A)
    }

    /// What the halves of a key change share: the new key, and the position in the source's log. nil when a header does
    /// not name the whole key.
    private func identity(of row: Int) -> [UInt8]? {
        let header = rows.header(row)
        let departs = header.keyChange == .movedTo
        var identity: [UInt8] = []
        for column in entity.sourceKey {
            guard key(of: row, column, isOther: !departs).presence == .value else { return nil }
            let span = key(of: row, column, isOther: departs)
            guard span.presence == .value else { return nil }
            identity += rows.bytes(of: span)
            identity.append(0x09)
        }
        return identity + Array(position(header).utf8)
    }

    private func key(of row: Int, _ column: Int, isOther: Bool) -> ValueSpan {
        isOther ? rows.otherKeySpan(row, column) : rows.span(row, column)
    }

    /// A source without positions has nothing to tell two moves to one key apart.
    private func position(_ header: RowHeader) -> String { header.position?.description ?? "" }

    /// Whether the final image of a create's key is the row that arrived by it.
    private func isFinalArrival(_ row: Int) -> Bool {
        let final = reducer.finalRow(of: row, in: rows)
        return rows.header(final).operation != .delete && reducer.images[final].arrival == Int32(row)
    }

    private func isPartial(_ row: Int) -> Bool {
        (0..<rows.columnCount).contains { rows.span(row, $0).presence == .unavailable }
    }
}
