internal import Ledger
internal import Logging
internal import Model
internal import Playbook
internal import RDKafka

/// An entity that a lane leaves out for now, because its table or its statements do not fit.
struct EntityStop {
    var backoff = Backoff(ceilingMilliseconds: 30_000)
    var next = ContinuousClock.now
    var reason = ""
    /// Whether it is being tried.
    var isTried = false
}

extension Lane {
    /// Leaves an entity out until it is tried again; what was taken of the others is taken anew.
    func stop(_ failure: EntityFailure) {
        let entity = failure.entity
        var stop = stops[entity] ?? EntityStop()
        let wait = stop.backoff.fail()
        let reason = "\(failure)"
        let name = "\(playbook.entities[entity].name)"
        if reason != stop.reason || stop.backoff.attempts % 20 == 0 {
            logger.error(
                "entity stopped, others go on; it is tried now and then",
                metadata: ["lane": "\(number)", "entity": "\(name)", "error": "\(reason)"])
        }
        stop.reason = reason
        stop.next = .now + wait
        stop.isTried = false
        stops[entity] = stop
        taker.stopped.insert(entity)
        abandonBatch()
        let partitions = taker.partitions(of: entity)
        try? consumer.pause(partitions.map { RDKafka.TopicPartition($0.topic, $0.partition) })
        connections.show(
            Stall(.stopped, reason: reason, attempts: stop.backoff.attempts, wait: wait),
            of: checkpoints.filter { partitions.contains($0.partition) })
        mailbox.say { report in
            for partition in partitions { report.stopped[partition] = "entity \(name): \(reason)" }
        }
    }

    func isStopped(_ partition: Model.TopicPartition) -> Bool {
        stops.keys.contains { taker.partitions(of: $0).contains(partition) }
    }

    /// Tries the entities whose time has come, from where the ledger says that they are.
    func takeUpStopped() {
        for (entity, stop) in stops where !stop.isTried && stop.next <= .now {
            let partitions = taker.partitions(of: entity)
            stops[entity]?.isTried = true
            taker.stopped.remove(entity)
            guard !partitions.isEmpty else {
                stops[entity] = nil
                continue
            }
            try? consumer.resume(partitions.map { RDKafka.TopicPartition($0.topic, $0.partition) })
            abandonBatch()
            mustSeek = true
        }
    }

    /// A batch was applied, and with it events of entities that were tried.
    func noteStopsThatPassed() {
        for (entity, stop) in stops
        where stop.isTried && (!batch.entities[entity].isEmpty || batch.truncate?.entity == entity) {
            stops[entity] = nil
            let partitions = taker.partitions(of: entity)
            mailbox.say { report in for partition in partitions { report.stopped[partition] = nil } }
            connections.show(nil, of: checkpoints.filter { partitions.contains($0.partition) })
            logger.notice(
                "entity goes on", metadata: ["lane": "\(number)", "entity": "\(playbook.entities[entity].name)"])
        }
    }

    /// What comes next in a partition is not to be had. Leaves it alone if it really is not there: going on anywhere else would
    /// lose changes in silence. A broker that has just begun to lead the partition may say so of an offset that is there.
    func offsetIsGone(_ partition: Model.TopicPartition, _ error: KafkaError) {
        guard let next = checkpoints.first(where: { $0.partition == partition })?.nextOffset else { return }
        do {
            let held = try consumer.watermarks(partition.topic, partition.partition, timeout: .seconds(10))
            if let gap = OffsetGap(next: next, low: held.low, high: held.high) {
                return stop(partition, because: "\(gap)")
            }
        } catch {
            logger.info("a partition's ends are not known", metadata: ["kafka.error": "\(error)"])
        }
        // Its reading has ended all the same, and only a new assignment begins it again.
        logger.info(
            "partition is taken anew", metadata: ["kafka.partition": "\(partition)", "kafka.error": "\(error)"])
        abandonBatch()
        halt(partition)
    }

    /// Leaves a partition alone until a person has done something about it.
    func stop(_ partition: Model.TopicPartition, because cause: String) {
        let checkpoint = checkpoints.first { $0.partition == partition }
        let reason = cause + (remedy(for: partition).map { ": \($0)" } ?? "")
        logger.error("partition stopped", metadata: ["kafka.partition": "\(partition)", "error": "\(reason)"])
        mailbox.say { $0.stopped[partition] = reason }
        taker.remove(partition)
        if let checkpoint {
            connections.show(Stall(.stopped, reason: reason, attempts: 1, wait: nil), of: [checkpoint])
        }
    }

    /// The command that loads anew what comes by a partition; nil where nothing is loaded, as by the reverse flow.
    private func remedy(for partition: Model.TopicPartition) -> String? {
        guard let entity = taker.entity(of: partition).map({ playbook.entities[$0] }), entity.flow == .forward,
            let wave = connections.startedWaves(of: entity.name).first(where: { entity.scope(in: $0) != nil })
        else { return nil }
        return "tidegate load \(wave) --again --entity \(entity.name)"
    }
}
