import Model

extension HandoverSchedule {
    /// Does one thing that can be done now.
    ///
    /// - Returns: false when nothing is left.
    mutating func act() -> Bool {
        var choices: [Choice] = []
        if toBegin > 0 { choices.append(.begin) }
        for index in transactions.indices {
            switch transactions[index].phase {
            case .running:
                choices.append(.write(index))
                choices.append(.stream(index))
            case .streamed: choices.append(.show(index))
            case .visible: break
            }
        }
        if consumed < log.count, canDeliver { choices += Array(repeating: .deliver, count: streamPace) }
        if replaysLeft > 0, consumed > 0 { choices.append(.replay) }
        for _ in 0..<loaderPace { addLoaderChoices(&choices) }
        guard !choices.isEmpty else { return false }
        perform(choices[random.below(choices.count)])
        return true
    }

    enum Choice {
        case begin, write(Int), stream(Int), show(Int), deliver, replay
        case flip, settle, read(Int), merge(Int), lose(Int), seal, finish
    }

    private mutating func perform(_ choice: Choice) {
        switch choice {
        case .begin:
            transactions.append(Transaction(id: nextTransaction))
            nextTransaction += 1
            toBegin -= 1
        case .write(let index): write(index)
        case .stream(let index):
            transactions[index].phase = .streamed
            for write in transactions[index].writes {
                log.append(
                    Event(
                        transaction: transactions[index].id, key: write.key, row: write.row,
                        isWhole: write.row == nil || write.hasLarge, version: Int32(log.count + 1)))
            }
        case .show(let index):
            transactions[index].phase = .visible
            for write in transactions[index].writes {
                visible[write.key] = write.row
                lockedBy[write.key] = nil
            }
        case .deliver: deliver()
        case .replay:
            consumed = random.below(consumed)
            replaysLeft -= 1
        case .flip: flip()
        case .settle: step = .loading
        case .read(let range): read(range)
        case .merge(let range): merge(range)
        case .lose(let range):
            reading[range] = nil
            losses -= 1
        case .seal:
            sealPosition = log.count
            step = .sealed
        case .finish: finish()
        }
    }

    private mutating func write(_ index: Int) {
        let key = random.below(Self.keys)
        let id = transactions[index].id
        guard lockedBy[key] == nil || lockedBy[key] == id else { return }
        lockedBy[key] = id
        // A key once written in a transaction stays as it is: the stream would reduce it anyway.
        guard !transactions[index].writes.contains(where: { $0.key == key }) else { return }
        let old = visible[key]
        if old != nil, random.below(4) == 0 {
            transactions[index].writes.append((key, nil, true))
        } else {
            let keepsLarge = old != nil && random.below(3) == 0
            let row = newRow(large: keepsLarge ? old?.large : nil)
            transactions[index].writes.append((key, row, !keepsLarge))
        }
    }

    // MARK: The lane

    private func view(_ event: Event) -> HandoverView {
        let range = event.key * Self.ranges / Self.keys
        let isLoading = step != .pending && step != .done
        var covering: TransactionSnapshot?
        if isLoading, let chunk = merged[range], mode == .snapshot {
            covering = chunk.snapshot
            if broken == .logPositionForSnapshot {
                let isBefore = Int(event.version) <= chunk.logPosition
                covering = isBefore ? TransactionSnapshot(xmin: .max, xmax: .max, inProgress: []) : nil
            }
        }
        return HandoverView(
            isLoading: isLoading, covering: covering,
            isInStartedScope: event.row.map { isStarted($0.scope) } ?? false, isInTarget: target[event.key] != nil)
    }

    private func isStarted(_ scope: UInt8) -> Bool {
        if startedWaves == 2, secondTakesAll { return true }
        return scope != 0 && scope <= startedWaves
    }

    private func verdict(_ event: Event) -> HandoverVerdict {
        let view = view(event)
        var verdict = Handover.verdict(
            on: HandoverEvent(
                transaction: hasTransactions ? event.transaction : nil, isDelete: event.row == nil,
                isWhole: event.isWhole),
            given: view)
        switch broken {
        case .deletesNotTouched where event.row == nil: verdict.recordsTouched = false
        case .outsiderNotTouched where verdict.action == .skip(.pending): verdict.recordsTouched = false
        case .leaversSkipped where event.row != nil && !view.isInStartedScope: verdict.action = .skip(.pending)
        default: break
        }
        return verdict
    }

    private var canDeliver: Bool {
        let event = log[consumed]
        guard broken != .readTooEarly, verdict(event).action == .read else { return true }
        return transactions.contains { $0.id == event.transaction && $0.phase == .visible }
    }

    private mutating func deliver() {
        let event = log[consumed]
        consumed += 1
        let verdict = verdict(event)
        if verdict.recordsTouched { touched[event.key] = .some(hasTransactions ? event.transaction : nil) }
        switch verdict.action {
        case .skip: break
        case .read:
            target[event.key] = visible[event.key]
            mayGoBack = true
        case .apply:
            var row = event.row
            if !event.isWhole, let large = target[event.key]?.large { row?.large = large }
            arrive(event.key, row, version: event.version)
        }
    }

    /// Writes a row whose place in the key's history is known.
    private mutating func arrive(_ key: Int, _ row: Row?, version: Int32) {
        if version < versions[key], !mayGoBack { wentBack = true }
        versions[key] = version
        target[key] = row
    }

    // MARK: The loader

    private func addLoaderChoices(_ choices: inout [Choice]) {
        switch step {
        case .pending: choices.append(.flip)
        case .settling:
            let isSettled = transactions.allSatisfy { $0.phase == .visible || !waitedFor.contains($0.id) }
            if isSettled || broken == .noWaitAtTheFlip { choices.append(.settle) }
        case .loading:
            for range in 0..<Self.ranges where merged[range] == nil {
                choices.append(reading[range] == nil ? .read(range) : .merge(range))
                if reading[range] != nil, losses > 0 { choices.append(.lose(range)) }
            }
            if merged.allSatisfy({ $0 != nil }) { choices.append(.seal) }
        case .sealed:
            if consumed >= sealPosition || broken == .sealTooEarly { choices.append(.finish) }
        case .done: break
        }
    }

    private mutating func flip() {
        startedWaves = wave
        step = .settling
        waitedFor = broken == .waitForListedOnly ? snapshot().inProgress : open
        mode = Handover.mode(
            hasTransactions: hasTransactions, keysSortAlike: keysSortAlike,
            takesEveryRow: wave == 2 && secondTakesAll,
            isFirst: wave == 1 || broken == .snapshotBesideOtherScopes)
        if mode == .touched { mayGoBack = true }
    }

    private mutating func read(_ range: Int) {
        let rows = broken == .retryKeepsOldRows ? firstRows[range] ?? visible : visible
        firstRows[range] = rows
        reading[range] = ReadChunk(snapshot: snapshot(), logPosition: log.count, rows: rows)
    }

    private mutating func merge(_ range: Int) {
        guard let chunk = reading[range] else { return }
        for key in 0..<Self.keys where key * Self.ranges / Self.keys == range {
            let row = chunk.rows[key]
            let isInScope = row.map { wave == 2 && secondTakesAll || $0.scope == wave } ?? false
            let place: MergeRow =
                isInScope ? .inChunk : target[key] == nil ? .nowhere : row == nil ? .onlyInTarget : .outsideChunk
            let last = touched[key]
            var action = Handover.merge(
                mode: mode, isTouched: broken != .mergeIgnoresTouched && last != nil, transaction: last ?? nil,
                snapshot: chunk.snapshot, row: place)
            if broken == .mergeDeletesNothing, action == .delete { action = .leave }
            switch action {
            case .leave: break
            case .write: arrive(key, row, version: lastVersion(key, seenBy: chunk.snapshot))
            case .delete: arrive(key, nil, version: lastVersion(key, seenBy: chunk.snapshot))
            }
        }
        merged[range] = chunk
        reading[range] = nil
    }

    /// The place in the log of the last event of a key that a snapshot saw.
    private func lastVersion(_ key: Int, seenBy snapshot: TransactionSnapshot) -> Int32 {
        log.last { $0.key == key && snapshot.sees($0.transaction) }?.version ?? 0
    }

    private mutating func finish() {
        touched = Array(repeating: nil, count: Self.keys)
        merged = Array(repeating: nil, count: Self.ranges)
        reading = merged
        firstRows = Array(repeating: nil, count: Self.ranges)
        guard wave == 1 else {
            step = .done
            return
        }
        wave = 2
        step = .pending
    }
}
