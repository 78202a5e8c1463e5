package import ArgumentParser
private import Pipelines

/// `sluice`.
package struct RootCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "sluice",
        abstract: "Ages identifiers out of logs and makes statistics that may be published.",
        discussion: """
            Data goes to standard output, everything else to standard error. NO_COLOR turns \
            colours off.

            Exit statuses:
              0    done
              1    a test of a pipeline failed, `verify` found something, or something is late
              2    wrong flags or arguments
              3    the pipeline file has faults
              4    a source cannot be read
              5    too many records were set aside; nothing was written
              6    an output or the state cannot be written
              7    another run is at work on the same state or keys
              8    a key is missing, unreadable or badly protected
              9    a reference table cannot be trusted; nothing was read
              10   refused: not yet, or something still needs what was to be destroyed
              70   a fault of sluice itself; nothing was written
              129, 130, 143   stopped by SIGHUP, SIGINT, SIGTERM
              141  the reader of standard output went away
            """,
        version: BuildFacts.text,
        subcommands: [
            RunCommand.self, PublishCommand.self, FilterCommand.self, CheckCommand.self,
            ExplainCommand.self, TestCommand.self, InitCommand.self, StatusCommand.self,
            VerifyCommand.self, RecallsCommand.self, KeysCommand.self,
            HoldCommand.self, OptOutCommand.self, SubjectCommand.self, PlanCommand.self,
            TaskCommand.self, ReduceCommand.self, CommitCommand.self, CollectCommand.self,
            ReferenceCommand.self, ManualCommand.self, CompletionsCommand.self,
        ]
    )

    package init() {}
}
