/// The modules that guard privacy, and the files of each.
struct MutatedModule {
    /// What is guarded: the word for the command line and the report.
    let name: String
    /// Paths below `Sources`.
    let files: [String]

    /// Paths in the package.
    var paths: [String] { files.map { "Sources/" + $0 } }

    /// The targets whose tests are to notice a change; which of them come by it is found out.
    static let testTargets = [
        "RecordsTests", "KeyedHashingTests", "AnonymizationTests", "ReleaseTests", "LedgerTests",
        "PublicationTests", "PipelinesTests",
    ]

    /// What hurts most comes first.
    static let all: [MutatedModule] = [
        MutatedModule(
            name: "window",
            files: [
                "Anonymization/Windows/ClockSet.swift",
                "Anonymization/Windows/RetentionClock.swift",
                "Anonymization/Release/ClockReader.swift",
                "Anonymization/Release/NextDue.swift",
                "Records/Time/CalendarDuration.swift",
                "Records/Time/RunClock.swift",
                "Pipelines/Running/State/Deadlines.swift",
                "Pipelines/Running/State/PartAgeing.swift",
                "Pipelines/Running/Stores/StoreAgeing+Permission.swift",
            ]),
        MutatedModule(
            name: "decision",
            files: [
                "Anonymization/Decisions/Decision.swift",
                "Anonymization/Release/ChunkRelease.swift",
                "Anonymization/Release/ChunkRelease+Age.swift",
                "Anonymization/Release/ChunkRelease+Bars.swift",
                "Anonymization/Release/OutputRelease+Bars.swift",
                "Anonymization/Release/RuleApplication.swift",
                "Anonymization/Release/TokenApplication.swift",
                "Anonymization/Windows/Purposes.swift",
            ]),
        MutatedModule(
            name: "opt-out",
            files: [
                "Anonymization/OptOuts/ByteKeyTable.swift",
                "Anonymization/OptOuts/OptOutIndex.swift",
                "Anonymization/OptOuts/OptOutList.swift",
                "Ledger/Registry/Ledger+AwaitedOptOuts.swift",
                "Ledger/Registry/Ledger+HeldOptOuts.swift",
                "Ledger/Registry/Ledger+OptOuts.swift",
                "Ledger/Registry/Ledger+UnsearchedLines.swift",
                "Pipelines/Lifecycle/OptOuts/AwaitedOptOuts.swift",
                "Pipelines/Lifecycle/OptOuts/DueOptOuts.swift",
                "Pipelines/Lifecycle/OptOuts/HeldOptOuts.swift",
                "Pipelines/Lifecycle/OptOuts/OptOutImport.swift",
                "Pipelines/Lifecycle/OptOuts/OptOutListMemory.swift",
                "Pipelines/Lifecycle/OptOuts/OptOutMaking.swift",
                "Pipelines/Lifecycle/OptOuts/OptOutRecalls.swift",
                "Pipelines/Lifecycle/OptOuts/OptOutRemoval.swift",
                "Pipelines/Lifecycle/OptOuts/OptOutTargets.swift",
                "Pipelines/Lifecycle/OptOuts/OptOutWork.swift",
                "Pipelines/Lifecycle/OptOuts/UnsearchedOptOuts.swift",
            ]),
        MutatedModule(
            name: "hold",
            files: [
                "Anonymization/Subjects/RecordMatcher.swift",
                "Anonymization/Subjects/SubjectLookup.swift",
                "Anonymization/Subjects/SubjectLookup+Records.swift",
                "Anonymization/Subjects/SubjectRegister.swift",
                "Ledger/Registry/HoldRecord.swift",
                "Ledger/Registry/Ledger+Holds.swift",
                "Pipelines/Lifecycle/Holds/HoldFile.swift",
                "Pipelines/Lifecycle/Holds/HoldImport.swift",
                "Pipelines/Lifecycle/Holds/HoldMaking.swift",
                "Pipelines/Lifecycle/Holds/HoldWork.swift",
                "Pipelines/Lifecycle/Registry/HoldHistory.swift",
            ]),
        MutatedModule(
            name: "key",
            files: [
                "KeyedHashing/Hashing/HMACSHA256.swift",
                "KeyedHashing/Secrets/DeliveredFile.swift",
                "KeyedHashing/Secrets/PrivateFile.swift",
                "KeyedHashing/Store/KeyNeeds.swift",
                "KeyedHashing/Store/KeyRewrapping.swift",
                "KeyedHashing/Store/KeySeal.swift",
                "KeyedHashing/Store/KeyStore.swift",
                "KeyedHashing/Store/KeyStore+Destruction.swift",
                "KeyedHashing/Store/KeyStore+Registration.swift",
                "KeyedHashing/Tokens/TokenHasher.swift",
                "Ledger/Keys/Ledger+KeyUse.swift",
                "Ledger/Keys/Ledger+Keys.swift",
                "Pipelines/Lifecycle/Keys/KeyRetirement.swift",
                "Pipelines/Lifecycle/Keys/KeyUsers.swift",
                "Pipelines/Lifecycle/Keys/KeyVerdict.swift",
                "Pipelines/Lifecycle/Keys/KeyWork.swift",
            ]),
        MutatedModule(
            name: "suppression",
            files: [
                "Publication/Control/Control.swift",
                "Publication/Control/ControlledPublication.swift",
                "Publication/Control/PrimaryRules.swift",
                "Publication/Control/PrimarySuppression.swift",
                "Publication/Control/Search/CellLeeways.swift",
                "Publication/Control/Search/ChangeProofs.swift",
                "Publication/Control/Search/ChangeSearch.swift",
                "Publication/Control/Search/ChangeSearch+Boxes.swift",
                "Publication/Control/Search/ChangeSearch+Evaluation.swift",
                "Publication/Control/Search/ChangeSearch+Plain.swift",
                "Publication/Control/Search/DistinctAudit.swift",
                "Publication/Control/Search/DistinctSearch.swift",
                "Publication/Control/Search/ExactProgramme.swift",
                "Publication/Control/Search/FeasibilityAudit.swift",
                "Publication/Control/Search/HiddenLines.swift",
                "Publication/Control/Search/ProtectionNeeds.swift",
                "Publication/Control/Search/SearchEffort.swift",
                "Publication/Publishing/DifferenceCheck.swift",
            ]),
    ]
}
