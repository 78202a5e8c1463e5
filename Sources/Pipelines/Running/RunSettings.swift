internal import Ledger

/// How a run goes, apart from what the pipeline says.
struct RunSettings: Sendable {
    var workers = 1
    var isDryRun = false
    /// The output whose parts are forgotten when their files are not there.
    var forgetsMissing: String?
    var expectedBytes: Int?
    var expectedSHA256: String?
    var endOfInputIsComplete = false
    /// Leaves word in the key store how long the pipeline needs its keys.
    var registersNeeds = true
    var confirmation: String?
    /// What the ledger calls the run.
    var command = "run"
    /// False for a command that only works on what is stored.
    var takesIn = true
    /// True for a command that takes nothing in and yet binds the list of opt-outs as a run does.
    var bindsList = false
    /// False for a command that still needs keys when the run is done, and looks after them then.
    var retiresKeys = true
    /// Closes everything else to the process before it reads a record (`RunConfinement`).
    var isConfined = false
    /// Folders that the caller writes to when the run has ended.
    var writes: [String] = []
    /// What a command asks for one subject, besides what the ledger says is open.
    var order: SubjectOrder?
    /// True when erasures reach the sources, too.
    var rewritesSources = false
    /// What a command changes in the registry of opt-outs with the commit of the run.
    var optOuts = OptOutChanges()
    /// The opt-outs that a command carries out, whether or not they were there before.
    var enteredOptOuts: [OptOutRecord] = []
    /// The same with their values.
    var soughtOptOuts: [OptOutRemoval.Sought] = []

    /// True when the run takes out of what is stored what the list of opt-outs names, and only then
    /// may it remember the list as dealt with.
    var appliesList: Bool { (takesIn || bindsList) && order == nil }
}
