/// How much is tried for a cell before others are left out instead.
///
/// What is left out follows from these numbers, so they are the same in every build.
struct SearchEffort {
    /// How many cells of a line are tried while nothing is left out, and how many are looked at.
    var triesMax = 32
    var seenMax = 256
    /// How many hidden and shown cells of a line are tried, by the number of lines.
    var rankedMax = [(0, 0), (24, 12), (12, 6), (6, 4), (3, 2), (2, 2)]
    /// How many corners and boxes are looked at for a cell and a choice of lines.
    var nodesMax = 1_000
    var evaluationsMax = 100
    /// The most cells of a line of a finer table that are looked at.
    var partsMax = 1_024
    /// No proof is made of more boxes than this.
    var boxesMax = 400
}
