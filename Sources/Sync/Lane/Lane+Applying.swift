internal import Ledger
internal import Logging
internal import Model
internal import RDKafka

extension Lane {
    func applyUntilDone() {
        var backoff = Backoff()
        while !batch.isEmpty {
            do {
                try applyOnce(isPatient: backoff.attempts < Self.patience)
                if backoff.attempts > 0 { logger.notice("applying again", metadata: ["lane": "\(number)"]) }
                goOn()
                return
            } catch let truncate as TruncatedElsewhere {
                // Taken anew, without the events that it has made obsolete.
                taker.truncated[truncate.entity] = truncate.position
                abandonBatch()
                return
            } catch let error as LedgerError where error.code == .fenced {
                abandonBatch()
                takeOverFromLedger()
                return
            } catch let failure as EntityFailure {
                stop(failure)
                return
            } catch  where ErrorClass(error) == .stopProcess {
                return giveUp(error)
            } catch {
                pause(after: error, &backoff)
                mailbox.carryOut(carryOut)
                if isStopping { return }
                collectMore()
            }
        }
    }

    /// Takes what has come while the batch could not be applied: the row that another one waits for may be among it, and
    /// after an outage a fuller batch costs hardly more. Only what is known not to have to queue behind a parked event.
    private func collectMore() {
        guard !batch.isEmpty, batch.truncate == nil, !mustSeek, connections.knowsParked else { return }
        collect()
    }

    private func applyOnce(isPatient: Bool) throws {
        let applier = try readyApplier()
        if batch.isEmpty { return }
        clock.start()
        let applied = try applier.apply(
            batch, events: MessageSource(held), isPatient: isPatient, clock: &clock, isolating: lookBeforeIsolating)
        noteStopsThatPassed()
        for (entity, keys) in applied.parked { taker.parked[entity].formUnion(keys) }
        mailbox.say { report in for accounting in applied.accountings { report.accounting.add(accounting) } }
        finishBatch()
    }

    /// Takes up parked keys again; what goes wrong is tried again the next time.
    func retryParked() {
        let mine = Dictionary(checkpoints.map { ($0.partition, $0) }) { first, _ in first }
        do {
            try parkedRetry.run(mine, applier: readyApplier()) { entity, key in
                taker.parked[entity].remove(key)
            }
        } catch {
            logger.info("parked keys not retried", metadata: ["lane": "\(number)", "error": "\(error)"])
            if !connections.isAlive { applier = nil }
        }
    }

    func readyApplier() throws -> BatchApplier {
        if let applier, connections.isAlive {
            try refreshParked()
            return applier
        }
        let fresh = try connections.makeApplier(playbook, number: number)
        applier = fresh
        // The connection may have broken while a commit was under way: the ledger knows how it ended, and which keys it
        // set aside.
        try compareWithLedger()
        try refreshParked()
        return fresh
    }

    private func refreshParked() throws {
        guard let parked = try connections.readParked(playbook) else { return }
        taker.parked = parked
    }

    /// Takes from the ledger how far the lane's partitions really are: the open batch is committed there, or it is not,
    /// or something else is there and the batch is worthless.
    private func compareWithLedger() throws {
        let stored = try connections.checkpoints(of: taker.partitions)
        let held = batch.partitions.compactMap { $0 }
        guard held.allSatisfy({ stored[$0.checkpoint.partition]?.fence == $0.checkpoint.fence }) else {
            throw LedgerError(.fenced, "a partition was taken over")
        }
        let isUnchanged = held.allSatisfy {
            stored[$0.checkpoint.partition]?.nextOffset == $0.checkpoint.nextOffset
        }
        if isUnchanged { return }
        let isCommitted = held.allSatisfy { stored[$0.checkpoint.partition]?.nextOffset == $0.nextOffset }
        if isCommitted { return finishBatch() }
        abandonBatch()
        adopt(stored)
    }

    /// Goes on from what the ledger holds. A commit whose answer was lost may become visible after the ledger was asked:
    /// the checkpoint has then moved under the lane's own fence, and what it believes would never be true again.
    private func adopt(_ stored: [Model.TopicPartition: Checkpoint]) {
        for place in batch.partitions.indices {
            guard let believed = batch.partitions[place]?.checkpoint, let checkpoint = stored[believed.partition],
                checkpoint.fence == believed.fence, checkpoint.nextOffset != believed.nextOffset
            else { continue }
            batch.partitions[place] = PartitionProgress(checkpoint)
            mailbox.say { $0.committed[checkpoint.partition] = checkpoint.nextOffset }
            mustSeek = true
        }
        connections.forgetParked()
    }

    private func finishBatch() {
        batch.committed()
        held.removeAll { $0.isExhausted }
        let offsets = batch.partitions.compactMap { $0?.checkpoint }
        mailbox.say { report in
            for checkpoint in offsets { report.committed[checkpoint.partition] = checkpoint.nextOffset }
            report.timings = clock.timings
        }
    }

    /// Waits after an error that passes, still answering orders, and says so.
    func pause(after error: any Error, _ backoff: inout Backoff) {
        let attempt = backoff.attempts
        let wait = backoff.fail()
        report(error, attempt: attempt, wait: wait)
        if !connections.isAlive { applier = nil }
        mailbox.wait(wait)
    }

    /// Nothing keeps the lane any more.
    func goOn() {
        guard mailbox.current.stall != nil else { return }
        mailbox.say { $0.stall = nil }
        connections.show(nil, of: checkpoints.filter { !isStopped($0.partition) })
    }

    /// Nothing will come of trying: the service ends.
    func giveUp(_ error: any Error) {
        logger.error("giving up", metadata: ["lane": "\(number)", "error": "\(error)"])
        abandonBatch()
        mailbox.say { $0.failure = error }
        while !isStopping {
            mailbox.wait(.seconds(1))
            mailbox.carryOut(carryOut)
        }
    }

    func report(_ error: any Error, attempt: Int, wait: Duration) {
        let reason = "\(error)"
        let before = mailbox.current.stall?.reason
        mailbox.say { $0.stall = LaneReport.Stall(reason: reason, attempts: attempt + 1) }
        // A new reason is news at once: what began as a broken connection may go on as a wrong password.
        guard attempt % 20 == 0 || reason != before else { return }
        logger.warning("applying failed, trying again", metadata: ["lane": "\(number)", "error": "\(reason)"])
        let stall = Stall(.retrying, reason: reason, attempts: attempt + 1, wait: wait)
        connections.show(stall, of: checkpoints.filter { !isStopped($0.partition) })
    }

    /// Gives up what was read and not committed, taken or not, and sends the partitions back to their checkpoints.
    func abandonBatch() {
        guard !batch.isEmpty || cursor?.isExhausted == false else { return }
        batch.forgetEvents()
        cursor = nil
        held.removeAll()
        for place in batch.partitions.indices {
            batch.partitions[place] = batch.partitions[place].map {
                var fresh = PartitionProgress($0.checkpoint)
                fresh.awaited = $0.awaited
                return fresh
            }
        }
        mustSeek = true
    }

    /// Nothing is taken before the consumer is back at the checkpoints: what it would bring is further on.
    func seekBack() -> Bool {
        guard mustSeek else { return true }
        let places = batch.partitions.compactMap { progress -> TopicPartitionOffset? in
            guard let progress else { return nil }
            return TopicPartitionOffset(
                progress.checkpoint.partition.topic, progress.checkpoint.partition.partition,
                progress.start ?? TopicPartitionOffset.beginning)
        }
        do {
            if !places.isEmpty { try consumer.seek(places) }
            mustSeek = false
            return true
        } catch {
            if error.code == .state, startBackoff.attempts >= Self.patience { giveUpEnded(places) }
            pause(after: error, &startBackoff)
            return false
        }
    }

    /// Gives up the partitions that cannot be sought, since their reading has ended with an error that the lane has not read.
    private func giveUpEnded(_ places: [TopicPartitionOffset]) {
        for place in places {
            do {
                try consumer.seek([place])
            } catch {
                guard error.code == .state else { continue }
                halt(Model.TopicPartition(topic: place.topic, partition: place.partition))
            }
        }
    }

    /// Gives up a partition until it is assigned anew: nothing else begins its reading again.
    func halt(_ partition: Model.TopicPartition) {
        drop(partition)
        mailbox.say { _ = $0.halted.insert(partition) }
    }

    /// Gives up the partitions that others have claimed, and takes over how far the lane's own have come.
    func takeOverFromLedger() {
        guard let stored = try? connections.checkpoints(of: taker.partitions) else { return }
        for progress in batch.partitions {
            guard let checkpoint = progress?.checkpoint, stored[checkpoint.partition]?.fence != checkpoint.fence else {
                continue
            }
            logger.warning(
                "partition was taken over by another process", metadata: ["kafka.partition": "\(checkpoint.partition)"])
            drop(checkpoint.partition)
            mailbox.say { _ = $0.fenced.insert(checkpoint.partition) }
        }
        adopt(stored)
    }
}
