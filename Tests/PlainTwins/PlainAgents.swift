private import TestSupport

/// The short list of browsers and systems as a chain of questions.
package func plainFamily(_ agent: String) -> String {
    let letters = bytes(agent)
    func has(_ word: String) -> Bool { letters.contains(bytes(word)) }
    let browser =
        has("Edg")
        ? "Edge"
        : has("OPR/")
            ? "Opera"
            : has("SamsungBrowser/")
                ? "Samsung Internet"
                : has("Firefox/") || has("FxiOS/")
                    ? "Firefox"
                    : has("Chrome/") || has("CriOS/")
                        ? "Chrome"
                        : has("Version/") && has("Safari/") ? "Safari" : "Other"
    let system =
        has("Windows")
        ? "Windows"
        : has("iPhone") || has("iPad")
            ? "iOS"
            : has("Mac OS X")
                ? "macOS"
                : has("Android")
                    ? "Android" : has("CrOS") ? "ChromeOS" : has("Linux") ? "Linux" : "Other"
    return browser + " / " + system
}
