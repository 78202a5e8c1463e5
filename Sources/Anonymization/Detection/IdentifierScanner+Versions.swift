/// Version numbers, which look like IPv4 addresses and are none.
extension IdentifierScanner {
    /// True when the number at `start` is the version of something: `Chrome/126.0.0.0`,
    /// `v1.2.3.4`, `rv:1.9.1.3`, `version 1.2.3.4`. `pieceStart` is where letters before the
    /// number begin.
    func isVersion(at start: Int, pieceStart: Int) -> Bool {
        if pieceStart < start { return isVersionWord(pieceStart..<start) }
        if byte(before: start) == UInt8(ascii: "/") { return followsProduct(start) }
        var end = start
        while end > floor, start - end < 4, isVersionPunctuation(view[end - 1]) { end -= 1 }
        guard end < start else { return false }
        var word = end
        while word > floor, end - word < 16, view.isAny(ByteClass.letter, at: word - 1) {
            word -= 1
        }
        return !isAny(ByteClass.alphanumeric, before: word) && isVersionWord(word..<end)
    }

    private func isVersionPunctuation(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: " "), UInt8(ascii: ":"), UInt8(ascii: "="), UInt8(ascii: "\""),
            UInt8(ascii: "'"), UInt8(ascii: "-"), UInt8(ascii: "_"):
            true
        default: false
        }
    }

    private func isVersionWord(_ range: Range<Int>) -> Bool {
        let start = range.lowerBound
        return switch range.count {
        case 1: view.matches("v", at: start)
        case 2:
            view.matches("rv", at: start) || view.matches("fw", at: start)
                || view.matches("os", at: start)
        case 3:
            view.matches("ver", at: start) || view.matches("rev", at: start)
                || view.matches("rel", at: start) || view.matches("sdk", at: start)
        case 5: view.matches("build", at: start)
        case 6: view.matches("versie", at: start)
        case 7:
            view.matches("version", at: start) || view.matches("release", at: start)
                || view.matches("versjon", at: start)
        case 8: view.matches("firmware", at: start) || view.matches("revision", at: start)
        default: false
        }
    }

    /// True when the `/` before `start` ends a product name (RFC 9110 §10.1.5) and not a part of a
    /// path: the name has a capital letter, at most 32 bytes, and stands at the start or behind a
    /// space or one of `( ; , " ' [ { +`. Names in small letters are as likely parts of a path.
    private func followsProduct(_ start: Int) -> Bool {
        guard start > floor else { return false }
        var name = start - 1
        var hasCapital = false
        while name > floor, start - name < 34,
            view.isAny(ByteClass.alphanumeric, at: name - 1) || isNamePunctuation(view[name - 1])
        {
            hasCapital = hasCapital || view.isAny(ByteClass.upper, at: name - 1)
            name -= 1
        }
        guard hasCapital || isLibrary(name..<start - 1) else { return false }
        switch byte(before: name) {
        case 0, UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "("), UInt8(ascii: ";"),
            UInt8(ascii: ","), UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "["),
            UInt8(ascii: "{"), UInt8(ascii: "+"):
            return start - name < 34
        default: return false
        }
    }

    /// Libraries that agents name with a version of four numbers, in small letters.
    private func isLibrary(_ name: Range<Int>) -> Bool {
        switch name.count {
        case 4:
            view.matches("curl", at: name.lowerBound) || view.matches("zlib", at: name.lowerBound)
        case 7:
            view.matches("libcurl", at: name.lowerBound)
                || view.matches("openssl", at: name.lowerBound)
        default: false
        }
    }

    private func isNamePunctuation(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: ".") || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_")
    }
}
