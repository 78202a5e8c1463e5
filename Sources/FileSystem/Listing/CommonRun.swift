/// True when some run of things fits both `one` and `other`: patterns of steps, of which those that
/// are `isAnyRun` stand for any number of things, and two others for one thing if they `meet`. A
/// step that stands for any number `takes` only some of the things of other steps; nil: all.
///
/// Goes through the pairs of places in both patterns once each: the time is at most the product of
/// their lengths.
package func haveCommonRun<Step>(
    _ one: [Step], _ other: [Step], isAnyRun: (Step) -> Bool,
    takes: ((_ anyRun: Step, _ step: Step) -> Bool)? = nil, _ meet: (Step, Step) -> Bool
) -> Bool {
    var open = [(0, 0)]
    var seen: Set<[Int]> = []
    while let (mine, its) = open.popLast() {
        guard seen.insert([mine, its]).inserted else { continue }
        let step = mine < one.count ? one[mine] : nil
        let itsStep = its < other.count ? other[its] : nil
        if step == nil, itsStep == nil { return true }
        if let step, isAnyRun(step) {
            open.append((mine + 1, its))
            if let itsStep, takes?(step, itsStep) ?? true { open.append((mine, its + 1)) }
        } else if let itsStep, isAnyRun(itsStep) {
            open.append((mine, its + 1))
            if let step, takes?(itsStep, step) ?? true { open.append((mine + 1, its)) }
        } else if let step, let itsStep, meet(step, itsStep) {
            open.append((mine + 1, its + 1))
        }
    }
    return false
}
