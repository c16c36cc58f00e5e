import ArgumentParser

@main
struct Tidegate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tidegate",
        abstract: "Seed a target PostgreSQL in waves, keep it current from Kafka, cut over with a small delta.",
        subcommands: [
            CheckCommand.self,
            InitCommand.self,
            PlaybookCommand.self,
            PlanCommand.self,
            ProfileCommand.self,
            WaveCommand.self,
            LoadCommand.self,
            SyncCommand.self,
            CaptureCommand.self,
            StatusCommand.self,
            VerifyCommand.self,
            QuarantineCommand.self,
            OwnCommand.self,
            GuardCommand.self,
            AuditCommand.self,
            DemoCommand.self,
            BrokerCommand.self,
        ])
}
