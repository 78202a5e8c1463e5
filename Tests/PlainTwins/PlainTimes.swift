private import Records

/// The slow twin of `TimeFormat.rfc3339`: takes the text apart character by character.
package func plainRFC3339(_ bytes: [UInt8]) -> Int64? {
    guard bytes.count >= 20, bytes.allSatisfy({ $0 < 128 }) else { return nil }
    let characters = bytes.map { Character(UnicodeScalar($0)) }
    func number(_ range: Range<Int>) -> Int? {
        guard range.upperBound <= characters.count,
            characters[range].allSatisfy({ "0" <= $0 && $0 <= "9" })
        else { return nil }
        return Int(String(characters[range]))
    }
    guard let year = number(0..<4), characters[4] == "-", let month = number(5..<7),
        characters[7] == "-", let day = number(8..<10), "Tt".contains(characters[10]),
        let hour = number(11..<13), characters[13] == ":", let minute = number(14..<16),
        characters[16] == ":", let second = number(17..<19),
        (1...12).contains(month), day >= 1, day <= CivilDate.days(inMonth: month, of: year),
        hour <= 23, minute <= 59, second <= 59
    else { return nil }
    var at = 19
    var fraction = ""
    if characters[at] == "." {
        at += 1
        while at < characters.count, "0" <= characters[at], characters[at] <= "9" {
            fraction.append(characters[at])
            at += 1
        }
        guard (1...9).contains(fraction.count) else { return nil }
    }
    guard at < characters.count else { return nil }
    var offset = 0
    if "Zz".contains(characters[at]) {
        guard at + 1 == characters.count else { return nil }
    } else {
        guard "+-".contains(characters[at]), at + 6 == characters.count,
            let hours = number(at + 1..<at + 3), characters[at + 3] == ":",
            let minutes = number(at + 4..<at + 6), hours <= 23, minutes <= 59
        else { return nil }
        offset = (hours * 60 + minutes) * (characters[at] == "+" ? 1 : -1)
    }
    let days = CivilDate(year: year, month: month, day: day).daysSince1970
    let seconds = ((days * 24 + hour) * 60 + minute - offset) * 60 + second
    return Int64(seconds) * 1000 + (Int64((fraction + "00").prefix(3)) ?? 0)
}
