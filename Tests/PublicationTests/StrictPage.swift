/// A page read by rules much stricter than a browser's: any fault is told instead of mended.
struct StrictPage {
    struct Element {
        let name: String
        let attributes: [String: String]
        var text = ""
    }

    private(set) var elements: [Element] = []
    private(set) var faults: [String] = []
    private(set) var text = ""

    private static let void: Set<String> = ["meta", "input"]
    private static let entities = ["amp": "&", "lt": "<", "gt": ">", "quot": "\"", "#39": "'"]
    private let scalars: [Unicode.Scalar]
    private var at = 0
    private var open: [Int] = []

    init(_ bytes: [UInt8]) {
        scalars = Array(String(decoding: bytes, as: UTF8.self).unicodeScalars)
        guard take("<!doctype html>\n") else {
            faults.append("no document type")
            return
        }
        while at < scalars.count { step() }
        if !open.isEmpty { faults.append("an element is left open") }
        check()
    }

    func all(_ name: String) -> [Element] { elements.filter { $0.name == name } }

    private mutating func take(_ word: String) -> Bool {
        let wanted = Array(word.unicodeScalars)
        guard scalars.count - at >= wanted.count,
            Array(scalars[at..<at + wanted.count]) == wanted
        else { return false }
        at += wanted.count
        return true
    }

    private mutating func step() {
        if let last = open.last, ["script", "style"].contains(elements[last].name) {
            return raw(last)
        }
        if take("</") { return close() }
        if scalars[at] == "<" { return start() }
        let piece = scalar(in: "text")
        text.unicodeScalars.append(piece)
        if let last = open.last { elements[last].text.unicodeScalars.append(piece) }
    }

    /// Script and style: everything up to the end tag.
    private mutating func raw(_ element: Int) {
        if take("</\(elements[element].name)>") {
            open.removeLast()
            return
        }
        if scalars[at] == "<", at + 1 < scalars.count,
            "/!".unicodeScalars.contains(scalars[at + 1])
        {
            faults.append("markup in \(elements[element].name)")
        }
        elements[element].text.unicodeScalars.append(scalars[at])
        at += 1
    }

    private mutating func close() {
        let name = word()
        if !take(">") { faults.append("bad end tag") }
        guard let last = open.popLast(), elements[last].name == name else {
            faults.append("</\(name)> closes another element")
            return
        }
    }

    private mutating func start() {
        at += 1
        let name = word()
        if name.isEmpty { faults.append("a bare <") }
        var attributes: [String: String] = [:]
        while take(" ") {
            let key = word()
            guard !key.isEmpty, take("=\"") else {
                faults.append("bad attribute of \(name)")
                break
            }
            var value = ""
            while at < scalars.count, scalars[at] != "\"" {
                value.unicodeScalars.append(scalar(in: "attribute"))
            }
            at += 1
            if attributes.updateValue(value, forKey: key) != nil {
                faults.append("\(key) stands twice")
            }
        }
        if !take(">") { faults.append("bad start tag \(name)") }
        elements.append(Element(name: name, attributes: attributes))
        if !Self.void.contains(name) { open.append(elements.count - 1) }
    }

    private mutating func word() -> String {
        var word = ""
        while at < scalars.count, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-"
            .unicodeScalars.contains(scalars[at])
        {
            word.unicodeScalars.append(scalars[at])
            at += 1
        }
        return word
    }

    private mutating func scalar(in place: String) -> Unicode.Scalar {
        let next = scalars[at]
        at += 1
        if next == "<" || next == ">" { faults.append("a bare \(next) in \(place)") }
        if next.value < 32, next != "\n", next != "\t" { faults.append("control in \(place)") }
        guard next == "&" else { return next }
        for (name, meaning) in Self.entities where take("\(name);") {
            return meaning.unicodeScalars.first ?? next
        }
        faults.append("a bare & in \(place)")
        return next
    }

    /// Ids are unique, and whatever refers to one finds it.
    private mutating func check() {
        let ids = elements.compactMap { $0.attributes["id"] }
        if Set(ids).count != ids.count { faults.append("an id stands twice") }
        for element in elements {
            for key in ["aria-labelledby", "aria-describedby"] {
                if let id = element.attributes[key], !ids.contains(id) {
                    faults.append("\(key) of \(element.name) finds nothing")
                }
            }
            if let link = element.attributes["href"], link.hasPrefix("#"),
                !ids.contains(String(link.dropFirst()))
            {
                faults.append("a link finds nothing")
            }
        }
    }
}
